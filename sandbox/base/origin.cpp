#include "base/origin.h"

namespace snug {

std::string to_text(const Origin& origin) {
  switch (origin.kind) {
    case OriginKind::builtin: return origin.key.empty() ? "built in" : "built in (" + origin.key.str() + ")";
    case OriginKind::option: return "option " + origin.source.str();
    case OriginKind::environment: return "variable " + origin.source.str();
    case OriginKind::file: break;
  }
  std::string text = origin.source;
  if (origin.line > 0) text += ":" + std::to_string(origin.line);
  if (!origin.key.empty()) text += " (" + origin.key.str() + ")";
  return text;
}

}  // namespace snug
