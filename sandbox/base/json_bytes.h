// Bytes from anywhere in JSON, which holds UTF-8 alone. Knows no JSON library: the caller's objects will do.
#pragma once

#include <string>

#include "base/quote.h"

namespace snug {

/// Sets `name` to `bytes`. Where they are not UTF-8, every byte that is no part of a well-formed character becomes
/// U+FFFD, and NAME_base64 holds them as they are.
template <class Object>
void put(Object& object, const std::string& name, const std::string& bytes) {
  const bool text = is_utf8(bytes);
  object[name] = text ? bytes : replace_invalid(bytes);
  if (!text) object[name + "_base64"] = base64(bytes);
}

}  // namespace snug
