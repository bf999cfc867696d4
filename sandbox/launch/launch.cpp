#include "launch/launch.h"
namespace snug {
class EarlyChild {};
void EarlyChildDelete::operator()(EarlyChild* child) const noexcept { delete child; }
Sandbox::Sandbox(Sandbox&&) noexcept = default;
Sandbox& Sandbox::operator=(Sandbox&&) noexcept = default;
Sandbox::~Sandbox() = default;
EarlyChildPtr start_early() { return nullptr; }
LaunchOutcome launch(const Plan&, const StdioPlan&, EarlyChildPtr, const PtyStart&) { return {}; }
}  // namespace snug
