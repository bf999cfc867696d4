// Whole plans of invented machines, as text and JSON.
#include <nlohmann/json.hpp>

#include "support/golden.h"
#include "support/planning.h"

using namespace snug;

namespace {

void check_plan(const std::string& name, const Plan& plan) {
  check_golden("plan/golden/" + name + ".txt", plan_to_text(plan, Colour::never));
}

}  // namespace

TEST_CASE("the default profile on a Debian desktop") {
  Planning planning;
  const Plan plan = planning.plan();
  check_plan("debian", plan);
  check_golden("plan/golden/debian.json", plan_to_json(plan));
}

TEST_CASE("the default profile costs few questions to the host") {
  Planning planning;
  (void)planning.plan();
  CHECK(planning.host.questions < 120);
}

TEST_CASE("a container whose /etc files are bind mounts, as root") {
  Planning planning(invented::container);
  planning.caller() = {.uid = 0,
                       .gid = 0,
                       .group_names = {{0, "root"}},
                       .user_name = "root",
                       .home = "/root",
                       .shell = "/bin/bash",
                       .cwd = "/workspace",
                       .environment = {{"PATH", "/usr/bin:/bin"}},
                       .state_dir = "/root/.local/state/snug",
                       .config_dir = "/root/.config/snug"};
  planning.request.command = {"make", "check"};
  check_plan("container", planning.plan());
}

TEST_CASE("NixOS") {
  Planning planning(invented::nixos);
  planning.caller().shell = "/run/current-system/sw/bin/bash";
  planning.caller().environment["PATH"] = "/run/current-system/sw/bin:/nix/var/nix/profiles/default/bin";
  check_plan("nixos", planning.plan());
}

TEST_CASE("a machine without overlay, with the host's network and a profile that lists paths") {
  Planning planning;
  planning.facts.overlay = false;
  planning.toml = R"(
description = "web client"
hostname = "client"
user = "root"
[filesystem]
home = "tmpfs"
read = ["~/.gitconfig?", "~/.missing?"]
write = ["/opt"]
tmpfs = [{ path = "/scratch", size = "64M" }]
hide = ["~/.netrc", "src"]
protect = ["snug.toml"]
[network]
mode = "host"
[environment]
set = { CI = "1" }
[limits]
rlimit = { nofile = 4096 }
)";
  check_plan("no_overlay", planning.plan());
}

TEST_CASE("a plan's JSON has a schema number and never the value of a passed variable") {
  Planning planning;
  planning.caller().environment["LC_SECRET"] = "hunter3";
  const std::string text = plan_to_json(planning.plan());
  const auto json = nlohmann::json::parse(text);
  CHECK(json["schema"] == 1);
  CHECK(text.find("hunter") == std::string::npos);
  CHECK(text.find("LC_SECRET") != std::string::npos);
}

TEST_CASE("a path that is not UTF-8 keeps its bytes in JSON and is quoted in text") {
  Planning planning;
  planning.host.add("d /home/ann/w\\xffb uid=1000");
  planning.caller().cwd =
      "/home/ann/w\xff"
      "b";
  const Plan plan = planning.plan();
  const auto json = nlohmann::json::parse(plan_to_json(plan));
  CHECK(json["project"]["path"] ==
        "/home/ann/w\xEF\xBF\xBD"
        "b");
  CHECK(json["project"]["path_base64"] == "L2hvbWUvYW5uL3f/Yg==");
  CHECK(plan_to_text(plan, Colour::never).find("\"/home/ann/w\\xFFb\"") != std::string::npos);
}

TEST_CASE("names with control bytes cannot reach the terminal") {
  Planning planning;
  planning.host.add("d /home/ann/w\\x1b[2J uid=1000");
  planning.caller().cwd = "/home/ann/w\x1b[2J";
  CHECK(plan_to_text(planning.plan(), Colour::never).find('\x1b') == std::string::npos);
  CHECK(plan_to_text(planning.plan(), Colour::always).find("\x1b[2J") == std::string::npos);
}
