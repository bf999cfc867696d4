#include "profile/user_file.h"

#include <algorithm>

#include "base/paths.h"
#include "base/sha256.h"

namespace snug {
namespace {

constexpr std::size_t digits_of_hash = 16;
constexpr std::size_t longest_name = 64;

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

}  // namespace

std::string user_file_name(std::string_view project) {
  const std::string name = readable_name(project);
  return (name.empty() ? "no-project" : name) + "-" + sha256_hex(project).substr(0, digits_of_hash) + ".toml";
}

bool is_profile_name(std::string_view word) {
  const auto allowed = [](char c) { return is_letter_or_digit(c) || c == '-' || c == '_' || c == '.'; };
  return !word.empty() && word.size() <= longest_name && is_letter_or_digit(word.front()) &&
         std::ranges::all_of(word, allowed) && !word.ends_with(".toml");
}

}  // namespace snug
