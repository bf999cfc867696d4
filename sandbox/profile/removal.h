// "!x" in a list: which of the elements that were said before are meant by x. One overload for each kind of element.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "profile/field.h"
#include "profile/profile.h"

namespace snug {

/// What names `element` in "!...": a path, a target, a port, a word.
std::string removal_name(const PathEntry& element);
std::string removal_name(const TmpfsEntry& element);
std::string removal_name(const MountEntry& element);    ///< its target
std::string removal_name(const PublishEntry& element);  ///< its port on the host
std::string removal_name(const SocketEntry& element);
std::string removal_name(const SeccompRule& element);  ///< its system call
std::string removal_name(const Sourced<std::string>& element);
std::string removal_name(const Sourced<std::uint16_t>& element);

/// Does `name`, what follows the "!" in `item`, mean `element`? Paths are compared as places: "~/x" and "/home/ann/x"
/// are one, and "./x" lies beside the file that says it; a "?" at the end says nothing.
bool is_meant(const PathEntry& element, const std::string& name, const Field& item);
bool is_meant(const TmpfsEntry& element, const std::string& name, const Field& item);
bool is_meant(const MountEntry& element, const std::string& name, const Field& item);
bool is_meant(const PublishEntry& element, const std::string& name, const Field& item);
bool is_meant(const SocketEntry& element, const std::string& name, const Field& item);
bool is_meant(const SeccompRule& element, const std::string& name, const Field& item);
bool is_meant(const Sourced<std::string>& element, const std::string& name, const Field& item);
bool is_meant(const Sourced<std::uint16_t>& element, const std::string& name, const Field& item);

/// Is the text of `item` one of these?
bool is_removal(const Field& item);

/// What follows its "!", variables replaced; nothing after a mistake.
std::optional<std::string> removed_name(const Field& item);

/// Notes that nothing was taken out, and which of `names` may have been meant. No mistake: what is built on may differ
/// from machine to machine.
void note_nothing_removed(const Field& item, const std::string& name, const std::vector<std::string>& names);

template <class Element>
void take_out(std::vector<Element>& list, const Field& item) {
  const std::optional<std::string> name = removed_name(item);
  if (!name) return;
  if (std::erase_if(list, [&](const Element& element) { return is_meant(element, *name, item); }) > 0) return;
  std::vector<std::string> names;
  for (const Element& element : list) names.push_back(removal_name(element));
  note_nothing_removed(item, *name, names);
}

}  // namespace snug
