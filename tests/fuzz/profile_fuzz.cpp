// libFuzzer's way in: any bytes as a profile, as an option's key and as its value.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "profile/load.h"
#include "profile/narrowing.h"

namespace {

using namespace snug;

void require(bool holds) {
  if (!holds) std::abort();
}

void read_as_profile(const std::string& bytes) {
  const LoadContext context{.known = {.project = "/p", .home = "/h", .user = "u", .uid = "1", .cwd = "/p"}};
  for (const Document& document : read_closure({{"p.toml", bytes}}, find_shipped, "/h")) {
    for (const Diagnostic& diagnostic : find_widenings(document, Author::project)) to_text(diagnostic);
  }
  const LoadOutcome outcome = load_profile({{"p.toml", bytes}}, {}, context);
  for (const Diagnostic& diagnostic : outcome.diagnostics) {
    for (const char c : to_text(diagnostic)) require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
  }
}

void read_as_option(const std::string& bytes) {
  const std::size_t half = bytes.size() / 2;
  load_profile({}, {{.key = bytes.substr(0, half), .value = bytes.substr(half), .option = "--set"}});
}

// What is quoted comes back as it was, or is refused for its NUL.
void quote_and_read(const std::string& bytes) {
  const LoadOutcome outcome = load_profile({}, {{.key = "environment.set.X", .value = toml_quote(bytes)}});
  if (bytes.find('\0') != std::string::npos) return require(!outcome.diagnostics.empty());
  require(outcome.diagnostics.empty() && outcome.profile.environment.set.at("X").value == bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 65536) return 0;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  read_as_profile(bytes);
  read_as_option(bytes);
  quote_and_read(bytes);
  return 0;
}
