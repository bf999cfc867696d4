// The prologue: what the set-up child does before there is a plan.
//
// Making the namespaces takes the child as long as snug needs to read and plan; what it then does, one mount after the
// other, nobody would wait for but it. Most of that is the same in nearly every run: the root, /proc with its masks,
// devices, temporary directories (plan/usual.h). So it does these while snug still plans.
//
//   snug   start the child | write the prologue | read, plan, compile -- equal? -- begin
//   child  namespaces, id maps ........... do the prologue .................. | the rest of the plan's steps
//
// Nothing is decided here. Compilation puts the steps for such entries first in every plan, and the prologue is those
// same steps, compiled from a guessed plan that holds nothing else. Once the profile is read, a long list of read-only
// binds in it is guessed as well, and set up while the rest is planned. A child goes on only if the finished plan's
// first steps are, one by one, the ones it has done: then it has done exactly what that plan says, and `snug plan`
// stays the truth. If any differs (another size for /tmp, an unmasked /proc), that child is ended and a new one does
// all steps.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "launch/memory.h"
#include "plan/plan.h"

namespace snug {

/// Writes the prologue for a run of an ordinary user as itself, and with `likely` (plan/likely.h) what else to do. Each
/// of those is completed by `confirm`, or left out where that says no. Calls `some_ready` from time to time: the steps
/// written so far may be done. May be called again with more, at the end.
void write_prologue(std::uint32_t uid, std::vector<ViewEntry> likely, const std::function<bool(ViewEntry&)>& confirm,
                    const std::function<void()>& some_ready, SpecMemory& memory);

/// Are the plan's first steps those of the prologue? True without a prologue. Precondition: compile() has filled
/// `memory`.
bool begins_with_prologue(const SpecMemory& memory);

}  // namespace snug
