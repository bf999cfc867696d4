// Who asks for plans on invented hosts, and the kernel below.
#pragma once

#include "host/facts.h"
#include "plan/request.h"

namespace invented {

inline const snug::HostFacts facts{.kernel_major = 6,
                                   .kernel_minor = 1,
                                   .kernel_release = "6.1.0",
                                   .machine = "x86_64",
                                   .hostname = "desk",
                                   .landlock_abi = 2,
                                   .overlay = true};

inline const snug::Caller ann_calling{.uid = 1000,
                                      .gid = 1000,
                                      .groups = {1000},
                                      .group_names = {{1000, "ann"}},
                                      .user_name = "ann",
                                      .home = "/home/ann",
                                      .shell = "/bin/bash",
                                      .cwd = "/home/ann/web",
                                      .environment = {{"PATH", "/usr/local/bin:/usr/bin:/bin:/usr/games"},
                                                      {"TERM", "xterm-256color"},
                                                      {"LANG", "en_GB.UTF-8"},
                                                      {"AWS_SECRET_ACCESS_KEY", "hunter2"}},
                                      .state_dir = "/home/ann/.local/state/snug",
                                      .config_dir = "/home/ann/.config/snug"};

}  // namespace invented
