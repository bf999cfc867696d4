#include "plan/sensitive.h"

#include <algorithm>
#include <cctype>

#include "base/paths.h"

namespace snug {
namespace {

constexpr const char* sign_in = "the keys with which you sign in elsewhere";
constexpr const char* token = "tokens with which it can act as you elsewhere";
constexpr const char* browser = "the cookies and passwords of your browser";
constexpr const char* shell = "your shell outside runs what it says";

constexpr SensitivePlace places[] = {
    {Access::read, ".ssh", sign_in},
    {Access::read, ".gnupg", "your private keys"},
    {Access::read, ".password-store", "your passwords"},
    {Access::read, ".local/share/keyrings", "your passwords"},
    {Access::read, ".local/share/kwalletd", "your passwords"},
    {Access::read, ".netrc", token},
    {Access::read, ".git-credentials", token},
    {Access::read, ".config/git/credentials", token},
    {Access::read, ".aws", token},
    {Access::read, ".azure", token},
    {Access::read, ".config/gcloud", token},
    {Access::read, ".kube", token},
    {Access::read, ".docker/config.json", token},
    {Access::read, ".config/gh", token},
    {Access::read, ".config/glab-cli", token},
    {Access::read, ".config/hub", token},
    {Access::read, ".npmrc", token},
    {Access::read, ".pypirc", token},
    {Access::read, ".cargo/credentials.toml", token},
    {Access::read, ".m2/settings.xml", token},
    {Access::read, ".gradle/gradle.properties", token},
    {Access::read, ".terraform.d/credentials.tfrc.json", token},
    {Access::read, ".vault-token", token},
    {Access::read, ".claude", token},
    {Access::read, ".codex", token},
    {Access::read, ".mozilla", browser},
    {Access::read, ".config/google-chrome", browser},
    {Access::read, ".config/chromium", browser},
    {Access::read, ".bash_history", "every command you typed, passwords among them"},
    {Access::read, ".zsh_history", "every command you typed, passwords among them"},
    {Access::write, ".bashrc", shell},
    {Access::write, ".bash_profile", shell},
    {Access::write, ".profile", shell},
    {Access::write, ".zshrc", shell},
    {Access::write, ".zshenv", shell},
    {Access::write, ".config/fish", shell},
    {Access::write, ".config/environment.d", "your session outside obeys what it says"},
    {Access::write, ".config/autostart", "your session outside starts what it says"},
    {Access::write, ".config/systemd", "your session outside starts what it says"},
    {Access::write, ".gitconfig", "git outside runs what it says"},
    {Access::write, ".config/git", "git outside runs what it says"},
    {Access::write, ".vimrc", "your editor outside runs what it says"},
    {Access::write, ".config/nvim", "your editor outside runs what it says"},
    {Access::write, ".local/bin", "you run the programs in it outside"},
    {Access::write, "bin", "you run the programs in it outside"},
    {Access::write, ".cargo/bin", "you run the programs in it outside"},
};

constexpr std::string_view secret_words[] = {"SECRET",     "TOKEN",  "PASSWORD", "PASSWD",      "PASSPHRASE",
                                             "CREDENTIAL", "APIKEY", "API_KEY",  "PRIVATE_KEY", "ACCESS_KEY"};

}  // namespace

std::span<const SensitivePlace> sensitive_places() { return places; }

const SensitivePlace* sensitive_place(std::string_view path, std::string_view home, Access access) {
  const auto meant = [&](const SensitivePlace& place) {
    const std::string at = join(home, place.path);
    return (place.access == Access::read || access == Access::write) && (is_below(path, at) || is_below(at, path));
  };
  const auto found = std::find_if(std::begin(places), std::end(places), meant);
  return found == std::end(places) ? nullptr : found;
}

bool names_a_secret(std::string_view variable) {
  std::string upper(variable);
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return std::any_of(std::begin(secret_words), std::end(secret_words),
                     [&](std::string_view word) { return upper.find(word) != upper.npos; });
}

}  // namespace snug
