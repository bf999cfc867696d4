#include "plan/print.h"
namespace snug {
std::string plan_to_text(const Plan&, Colour) { return ""; }
std::string plan_to_json(const Plan&) { return "{}"; }
}  // namespace snug
