#include "changes/discard.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <string>

#include "base/paths.h"
#include "base/quote.h"
#include "sys/directory.h"
#include "sys/errno.h"
#include "sys/tree.h"

namespace snug {
namespace {

constexpr const char* kDiscarded = "discarded";  // what was the record

bool is_empty(const std::string& directory) {
  const DirectoryStream stream = open_directory(directory);
  if (!stream) return errno == ENOENT;
  int names = 0;
  while (readdir(stream.get()) != nullptr) ++names;
  return names == 2;
}

/// The mode and the attributes of a top directory are changes of their own.
bool top_is_untouched(const Capture& part) {
  bool untouched = true;
  const auto scanned = scan_changes(part.sides(), [&](const auto&) { untouched = false; });
  return scanned && untouched;
}

/// What the kernel has made for an overlay that nothing was written to, by name and from within: a third of the calls
/// that removing an unknown tree takes. What is still there stays, for that to remove.
void remove_unused(const std::string& upper, const std::string& work) {
  rmdir(upper.c_str());
  const std::string made[] = {work + "/work", work + "/work/incompat", work + "/work/incompat/volatile"};
  for (const std::string& directory : made) chmod(directory.c_str(), 0700);  // they are of mode 000
  unlink((made[2] + "/dirty").c_str());
  for (const std::string& directory : {made[2], made[1], made[0], work}) rmdir(directory.c_str());
}

void remove_unused_layers(const Capture& capture) {
  const std::string work = join(capture.directory, "work");
  if (capture.parts.empty()) return remove_unused(join(capture.directory, "upper"), work);
  for (std::size_t i = 0; i < capture.parts.size(); ++i) {
    remove_unused(join(capture.directory, capture.parts[i].upper), join(work, std::to_string(i)));
  }
}

/// The lock last: until then nobody else takes it for free.
bool empty_directory(const std::string& directory) {
  for (const char* name : {"upper", "inner", "work", "copies", "parts"}) {
    if (!remove_tree(join(directory, name))) return false;
  }
  for (const char* name : {"journal", "applied", "bases", kDiscarded, "lock"}) {
    if (unlink(join(directory, name).c_str()) != 0 && errno != ENOENT) return false;
  }
  return true;
}

}  // namespace

bool holds_nothing(const Capture& capture) {
  return std::ranges::all_of(parts_of(capture), [](const Capture& part) { return is_empty(part.sides().upper); });
}

bool is_untouched(const Capture& capture) {
  return holds_nothing(capture) && std::ranges::all_of(parts_of(capture), top_is_untouched);
}

// A layer of which some is gone would be taken for fewer and for other changes.
Result<void> begin_discard(const std::string& directory) {
  const std::string record = join(directory, "record");
  if (rename(record.c_str(), join(directory, kDiscarded).c_str()) == 0 || errno == ENOENT) return {};
  return sys_error("remove " + quote_for_display(record));
}

bool half_discarded(const std::string& directory) {
  struct stat info {};
  return lstat(join(directory, kDiscarded).c_str(), &info) == 0 && lstat(join(directory, "record").c_str(), &info) != 0;
}

Result<void> discard_capture(const Capture& capture) {
  if (auto begun = begin_discard(capture.directory); !begun) return begun;
  remove_unused_layers(capture);
  const bool gone =
      empty_directory(capture.directory) &&
      (capture.users_directory || rmdir(capture.directory.c_str()) == 0 || remove_tree(capture.directory));
  if (gone) return {};
  return sys_error("remove " + quote_for_display(capture.directory));
}

}  // namespace snug
