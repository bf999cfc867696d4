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
// same steps, compiled from a guessed plan that holds nothing else. A child goes on only if the finished plan's first
// steps are, one by one, the ones it has done: then it has done exactly what that plan says, and `snug plan` stays the
// truth. If any differs (another size for /tmp, an unmasked /proc), that child is ended and a new one does all steps.
#pragma once

#include <cstdint>

#include "launch/memory.h"

namespace snug {

/// Writes the prologue for a run of an ordinary user as itself.
void write_prologue(std::uint32_t uid, SpecMemory& memory);

/// Are the plan's first steps those of the prologue? True without a prologue. Precondition: compile() has filled
/// `memory`.
bool begins_with_prologue(const SpecMemory& memory);

}  // namespace snug
