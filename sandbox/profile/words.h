// The words of the format, each with what it means. Readers turn words into values, printers values into words.
#pragma once

#include <string_view>

#include "profile/profile.h"

namespace snug {

template <class Enum>
struct Word {
  std::string_view text;
  Enum value;
};

inline constexpr Word<SubidMode> subid_words[] = {{"none", SubidMode::none}, {"auto", SubidMode::automatic}};
inline constexpr Word<Toolchains> toolchain_words[] = {{"auto", Toolchains::automatic}, {"none", Toolchains::none}};

/// What can be promised. A name is a table or a key of [limits].
inline constexpr Word<std::string_view> promise_words[] = {
    {"filesystem", "filesystem"},
    {"network", "network"},
    {"limits.memory", "limits.memory"},
    {"limits.processes", "limits.processes"},
    {"limits.cpus", "limits.cpus"},
    {"limits.disk", "limits.disk"},
    {"limits.timeout", "limits.timeout"},
    {"limits.rlimit", "limits.rlimit"},
    {"subids", "subids"},
};

inline constexpr Word<EtcMode> etc_words[] = {{"minimal", EtcMode::minimal}, {"host", EtcMode::host}};
inline constexpr Word<ProjectMode> project_words[] = {{"write", ProjectMode::write},
                                                      {"read", ProjectMode::read},
                                                      {"overlay", ProjectMode::overlay},
                                                      {"none", ProjectMode::none}};
inline constexpr Word<HomeMode> home_words[] = {
    {"stored", HomeMode::stored}, {"tmpfs", HomeMode::tmpfs}, {"none", HomeMode::none}};
inline constexpr Word<GitMode> git_words[] = {
    {"protect", GitMode::protect}, {"write", GitMode::write}, {"read", GitMode::read}};
inline constexpr Word<Access> access_words[] = {{"read", Access::read}, {"write", Access::write}};
inline constexpr Word<MountEntry::Type> mount_words[] = {
    {"bind", MountEntry::Type::bind},           {"overlay", MountEntry::Type::overlay},
    {"tmpfs", MountEntry::Type::tmpfs},         {"file", MountEntry::Type::file},
    {"directory", MountEntry::Type::directory}, {"symlink", MountEntry::Type::symlink},
    {"device", MountEntry::Type::device},
};

inline constexpr Word<NetworkMode> network_words[] = {
    {"none", NetworkMode::none}, {"filtered", NetworkMode::filtered}, {"host", NetworkMode::host}};
inline constexpr Word<SeccompPolicy> policy_words[] = {
    {"default", SeccompPolicy::standard}, {"strict", SeccompPolicy::strict}, {"off", SeccompPolicy::off}};
inline constexpr Word<OnEnd> end_words[] = {
    {"ask", OnEnd::ask}, {"apply", OnEnd::apply}, {"keep", OnEnd::keep}, {"discard", OnEnd::discard}};

/// What a limit of setrlimit(2) counts.
enum class RlimitCounts { things, bytes, seconds, microseconds };

struct RlimitName {
  std::string_view name;
  RlimitCounts counts;
};

/// All of setrlimit(2).
inline constexpr RlimitName rlimit_names[] = {
    {"as", RlimitCounts::bytes},      {"core", RlimitCounts::bytes},          {"cpu", RlimitCounts::seconds},
    {"data", RlimitCounts::bytes},    {"fsize", RlimitCounts::bytes},         {"locks", RlimitCounts::things},
    {"memlock", RlimitCounts::bytes}, {"msgqueue", RlimitCounts::bytes},      {"nice", RlimitCounts::things},
    {"nofile", RlimitCounts::things}, {"nproc", RlimitCounts::things},        {"rss", RlimitCounts::bytes},
    {"rtprio", RlimitCounts::things}, {"rttime", RlimitCounts::microseconds}, {"sigpending", RlimitCounts::things},
    {"stack", RlimitCounts::bytes},
};

/// The word for `value`. Every value of an enumeration has one.
template <class Enum, std::size_t count>
constexpr std::string_view word_of(const Word<Enum> (&words)[count], Enum value) {
  for (const Word<Enum>& word : words) {
    if (word.value == value) return word.text;
  }
  return {};
}

}  // namespace snug
