#include "base/origin.h"

namespace snug {

std::string to_text(const Origin& origin) {
  switch (origin.kind) {
    case OriginKind::option:
      return "option " + origin.source.str();
    case OriginKind::environment:
      return "variable " + origin.source.str();
    case OriginKind::builtin:
    case OriginKind::file:
      break;
  }
  const bool of_code = origin.source.empty() || origin.source == "default";
  const bool builtin = origin.kind == OriginKind::builtin;
  if (builtin && of_code) return origin.key.empty() ? "built in" : "built in (" + origin.key.str() + ")";
  std::string text = builtin ? "shipped profile " + origin.source.str() : origin.source.str();
  if (origin.line > 0) text += ":" + std::to_string(origin.line);
  if (!origin.key.empty()) text += " (" + origin.key.str() + ")";
  return text;
}

}  // namespace snug
