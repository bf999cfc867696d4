// libFuzzer's way in: any bytes as a project's profile, on an invented machine: resolved, planned, printed, asked
// about.
// "\n---\n" separates what it may extend as "./base.toml", then options, one KEY=VALUE a line. The first byte says
// which machine and caller.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "cli/what.h"
#include "cli/why_host.h"
#include "plan/build.h"
#include "plan/lint.h"
#include "plan/print.h"
#include "plan/why.h"
#include "profile/load.h"
#include "profile/print.h"
#include "support/fake_host.h"
#include "support/invented_caller.h"
#include "support/invented_hosts.h"

namespace {

using namespace snug;

void require(bool holds) {
  if (!holds) std::abort();
}

constexpr std::string_view project = "/home/ann/web";

/// What one input says.
struct Input {
  std::uint8_t choice = 0;
  std::array<std::string, 3> parts;  ///< the profile, what it extends, options
};

Input split(std::string_view bytes) {
  Input input;
  if (bytes.empty()) return input;
  input.choice = static_cast<std::uint8_t>(bytes[0]);
  bytes.remove_prefix(1);
  for (std::size_t i = 0; i < input.parts.size(); ++i) {
    const auto end = i + 1 < input.parts.size() ? bytes.find("\n---\n") : bytes.npos;
    input.parts[i] = bytes.substr(0, end);
    if (end == bytes.npos) break;
    bytes.remove_prefix(end + 5);
  }
  return input;
}

std::vector<Override> options_of(std::string_view lines) {
  std::vector<Override> options;
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(line.size() + 1, lines.size()));
    const auto equals = line.find('=');
    if (equals == line.npos) continue;
    options.push_back({.key = std::string(line.substr(0, equals)),
                       .value = std::string(line.substr(equals + 1)),
                       .how = equals % 2 ? Override::How::append : Override::How::replace,
                       .option = "--set"});
  }
  return options;
}

LoadOutcome resolve(const Input& input) {
  const std::string file = std::string(project) + "/snug.toml", base = std::string(project) + "/base.toml";
  const LoadContext context{.find = [&](const ProfileReference& asked) -> Result<ProfileText> {
                              if (asked.path == base)
                                return ProfileText{.file = base, .text = input.parts[1], .path = base};
                              return find_shipped(asked);
                            },
                            .known = {.project = std::string(project),
                                      .home = "/home/ann",
                                      .user = "ann",
                                      .uid = "1000",
                                      .state = "/home/ann/.local/state",
                                      .runtime = "/run/user/1000",
                                      .cwd = std::string(project),
                                      .environment = [](const std::string& name) -> std::optional<std::string> {
                                        const auto& all = invented::ann_calling.environment;
                                        const auto found = all.find(name);
                                        if (found == all.end()) return {};
                                        return found->second;
                                      }}};
  return load_profile({{.file = file, .text = input.parts[0], .path = file}}, options_of(input.parts[2]), context);
}

void check_diagnostics(const LoadOutcome& outcome) {
  for (const Diagnostic& diagnostic : outcome.diagnostics) {
    for (const char c : to_text(diagnostic)) require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
  }
}

// What `snug check --show` prints is a profile again, and says the same.
void check_print(const Profile& profile) {
  const std::string text = profile_to_toml(profile, project);
  const LoadOutcome again = load_profile({{.file = "/etc/p.toml", .text = text, .path = "/etc/p.toml"}}, {});
  require(again.diagnostics.empty());
}

FakeHost& host_of(std::uint8_t choice) {
  static std::array<FakeHost, 4> hosts{
      FakeHost(invented::debian), FakeHost(invented::nixos), FakeHost(invented::container + invented::ann),
      FakeHost(invented::debian +
               "u /home/ann/web/secret\nl /home/ann/web/loop -> loop\nf /home/ann/web/.env uid=1000\n"
               "l /home/ann/web/out -> /etc/shadow\ns /run/docker.sock\nd /home/ann/.cargo/bin uid=1000\n")};
  return hosts[choice % hosts.size()];
}

Request request_of(std::uint8_t choice) {
  Request request{.caller = invented::ann_calling, .profile_file = std::string(project) + "/snug.toml"};
  if (choice & 4) request.command = {"make", "check"};
  if (choice & 8) request.caller.environment["PATH"] = "/home/ann/.cargo/bin:relative::/usr/bin:/nowhere";
  if (choice & 16) request.caller.uid = request.caller.gid = 0;
  return request;
}

HostFacts facts_of(std::uint8_t choice) {
  HostFacts facts = invented::facts;
  if (choice & 32) facts.overlay = false;
  if (choice & 64) facts.landlock_abi = 0;
  if (choice & 128) facts.inside_snug = true;
  return facts;
}

void ask(const Plan& plan, FakeHost& host, const Profile& profile, const Caller& caller) {
  for (const char* path : {"/", "/home/ann/web/src/../.git/hooks/x", "/home/ann/.netrc", "/etc/shadow", "/bin/sh"})
    why_path(plan, host, path);
  why_variable(plan, profile, caller, "AWS_SECRET_ACCESS_KEY");
  for (const char* name : {"registry.npmjs.org:443", "169.254.169.254", "[fd00::1]:22", "*.example.com"}) {
    const auto what = understand(name, WhatKind::host, {}, std::string(project), caller.home);
    require(what.ok());
    remarks_on_host(plan, *what, why_host(plan, profile, *what));
  }
  lint({profile, plan, caller, host});
}

// Names in a plan may be any bytes; none of them reaches a terminal or breaks JSON.
void check_plan(const Plan& plan) {
  for (const char c : plan_to_text(plan, Colour::never)) {
    require(c == '\n' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f));
  }
  plan_to_text(plan, Colour::always);
  require(nlohmann::json::accept(plan_to_json(plan)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 16384) return 0;
  const Input input = split({reinterpret_cast<const char*>(data), size});
  const LoadOutcome outcome = resolve(input);
  check_diagnostics(outcome);
  if (!outcome.diagnostics.empty()) return 0;
  check_print(outcome.profile);
  FakeHost& host = host_of(input.choice);
  const Request request = request_of(input.choice);
  const PlanOutcome made = build_plan(outcome.profile, facts_of(input.choice), host, request);
  if (!made.errors.empty()) {
    for (const Error& error : made.errors) require(!to_text(error).empty());
    return 0;
  }
  check_plan(made.plan);
  ask(made.plan, host, outcome.profile, request.caller);
  return 0;
}
