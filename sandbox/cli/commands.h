// One function a command; each prints what it has to say and returns the exit status.
#pragma once

#include "cli/parse.h"
#include "launch/launch.h"

namespace snug {

/// snug could not do what was asked of it: for run, shell and plan nothing ran.
inline constexpr int status_setup_failed = 125;
/// A mistake on the command line of a command that runs nothing.
inline constexpr int status_usage = 2;
/// doctor or check found something.
inline constexpr int status_found = 1;

/// `early`: the child that start_early() made before the command line was read, or null.
int run_command(const Invocation& invocation, EarlyChildPtr early);
int plan_command(const Invocation& invocation);
int why_command(const Invocation& invocation);
int allow_command(const Invocation& invocation);
int init_command(const Invocation& invocation);
int diff_command(const Invocation& invocation);
int apply_command(const Invocation& invocation);
int discard_command(const Invocation& invocation);
int ps_command(const Invocation& invocation);
int exec_command(const Invocation& invocation);
int kill_command(const Invocation& invocation);
int logs_command(const Invocation& invocation);
int attach_command(const Invocation& invocation);
int wait_command(const Invocation& invocation);
int clean_command(const Invocation& invocation);
int publish_command(const Invocation& invocation);
int doctor_command(const Invocation& invocation);
int check_command(const Invocation& invocation);
int trust_command(const Invocation& invocation);
int hook_command(const Invocation& invocation);
/// For the completions of shells; its words are those behind "snug" up to the cursor.
int complete_command(const Invocation& invocation);

}  // namespace snug
