// What one value of a profile may be: words, sizes, paths, names. Each reader says what is wrong through its Field and
// then returns nothing.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "profile/field.h"
#include "profile/profile.h"
#include "profile/words.h"

namespace snug {

/// `text` is none of `words`: says which was meant, or which there are.
void fail_word(const Field& field, std::string_view text, std::span<const std::string_view> words);

/// One word of a table, such as `etc = "minimal"`.
template <const auto& words>
auto one_of(const Field& field) -> std::optional<decltype(words[0].value)> {
  const std::optional<std::string> text = field.text();
  if (!text) return {};
  std::string_view known[std::size(words)];
  std::size_t count = 0;
  for (const auto& word : words) {
    if (word.text == *text) return word.value;
    known[count++] = word.text;
  }
  fail_word(field, *text, known);
  return {};
}

std::optional<std::string> text(const Field& field);
std::optional<bool> boolean(const Field& field);

/// A size in bytes: "2G", or a whole number.
std::optional<std::uint64_t> size(const Field& field);
std::optional<std::uint64_t> size_above_zero(const Field& field);
std::optional<std::chrono::nanoseconds> duration(const Field& field);
std::optional<std::chrono::milliseconds> duration_above_zero(const Field& field);
std::optional<std::uint64_t> count_above_zero(const Field& field);
std::optional<std::uint16_t> port(const Field& field);

/// Permission bits, 0o755 or "0755".
std::optional<std::uint32_t> permissions(const Field& field);

// --- paths: "/a", "~/a", "./a", kept as written -------------------------------------------------------

/// One path. No ".." and no "${".
std::optional<std::string> path(const Field& field);

/// The same check on text that is part of a value. `field` is only for messages.
bool check_path(const Field& field, std::string_view path);

/// "path" or "path?"; no pattern.
std::optional<PathEntry> path_entry(const Field& field);

/// An entry of hide or protect: may hold "*", and without a lead means below the project.
std::optional<PathEntry> pattern_entry(const Field& field);

/// workdir: a path without '?'.
std::optional<PathEntry> plain_path_entry(const Field& field);

// --- names --------------------------------------------------------------------------------------------

std::optional<std::string> hostname(const Field& field);
/// The name of an environment variable.
std::optional<std::string> variable_name(const Field& field);
bool check_variable_name(const Field& field, std::string_view name);
/// Lower-case letters, digits and '_'; whether the kernel has it is seccomp/'s to say.
std::optional<std::string> system_call(const Field& field);

}  // namespace snug
