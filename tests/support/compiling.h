// A plan's steps, without a child to do them and without a host to copy from.
#pragma once

#include <vector>

#include "launch/compile.h"

inline snug::Result<std::vector<snug::StepPurpose>> compile_all(const snug::Plan& plan, const snug::StdioPlan& stdio,
                                                                snug::SpecMemory& memory) {
  const auto nothing = [](const snug::ViewEntry&) -> snug::Result<std::optional<std::string_view>> {
    return std::optional<std::string_view>();
  };
  const snug::CompileInput input{.plan = plan, .stdio = stdio, .pty = {}, .copy = nothing, .prepared = {}};
  snug::Compilation compilation(input, memory);
  compilation.begin();
  return compilation.finish([] {});
}
