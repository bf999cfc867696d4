// Paths as text: nothing here asks the file system, so a symbolic link is just a name.
#pragma once

#include <string>
#include <string_view>

namespace snug {

/// `absolute` without "//", "." components and trailing slashes; ".." takes the component before it away, and
/// nothing at the root. Precondition: it starts with '/'. Purely textual: where a component may be a symbolic link,
/// resolve it first.
std::string normalise(std::string_view absolute);

/// `below` under `directory` with one slash between them; an absolute or empty `below` counts as relative to it:
/// join("/a", "b/c") == join("/a/", "/b/c") == "/a/b/c", join("/a", "") == "/a". Does not normalise.
std::string join(std::string_view directory, std::string_view below);

/// The directory that holds a normalised absolute path; "/" for "/" itself.
std::string_view parent_of(std::string_view path);

/// The last component of a normalised absolute path; empty for "/".
std::string_view base_name(std::string_view path);

/// The last component as part of a file name of ours: at most 32 letters, digits, '-' and '_', every other byte as '_'.
/// Empty for "/" and "". Tells nothing apart by itself: a hash belongs behind it.
std::string readable_name(std::string_view path);

/// Is the normalised absolute `path` the same as `ancestor` or below it? Compares whole components:
/// "/a/bc" is not below "/a/b".
bool is_below(std::string_view path, std::string_view ancestor);

/// Does one of the components say ".."? Works on any path, relative ones too.
bool has_dot_dot(std::string_view path);

}  // namespace snug
