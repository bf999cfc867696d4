#include "profile/shown_value.h"

#include "base/quote.h"
#include "profile/bytes.h"

namespace snug {
namespace {

/// Whole characters of what has been made safe to show.
std::string shortened(std::string text, std::size_t longest) {
  if (text.size() <= longest) return text;
  std::size_t end = longest;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end) + "...";
}

std::string members_of(const Value& table, std::size_t longest) {
  std::string text;
  for (const Member& member : table.members) {
    if (text.size() > longest) break;
    text += (text.empty() ? "" : ", ") + escape_for_display(utf8_to_bytes(member.key)) + " = " +
            shown(member.value, longest);
  }
  return "{ " + text + " }";
}

std::string items_of(const Value& list, std::size_t longest) {
  std::string text;
  for (const Value& item : list.items) {
    if (text.size() > longest) break;
    text += (text.empty() ? "" : ", ") + shown(item, longest);
  }
  return "[" + text + "]";
}

std::string whole(const Value& value, std::size_t longest) {
  switch (value.type) {
    case Value::Type::text:
      return quote_for_display(utf8_to_bytes(value.text));
    case Value::Type::integer:
      return std::to_string(value.integer);
    case Value::Type::real:
      return std::to_string(value.real);
    case Value::Type::boolean:
      return value.boolean ? "true" : "false";
    case Value::Type::list:
      return items_of(value, longest);
    case Value::Type::table:
      return members_of(value, longest);
    case Value::Type::date_or_time:
      break;
  }
  return "a date";
}

}  // namespace

std::string shown(const Value& value, std::size_t longest) { return shortened(whole(value, longest), longest); }

}  // namespace snug
