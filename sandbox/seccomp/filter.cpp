#include "seccomp/filter.h"
namespace snug {
Result<Filter> make_filter(const SeccompPlan&) { return Filter{}; }
}  // namespace snug
