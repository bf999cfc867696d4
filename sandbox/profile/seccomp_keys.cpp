// [seccomp] and [[seccomp.rule]]. Whether the kernel has a call, a constant or an error of a name is seccomp/'s to say.
#include <algorithm>

#include "base/quote.h"
#include "profile/schema.h"
#include "profile/values.h"

namespace snug {
namespace {

using RuleValue = std::variant<std::uint64_t, std::string>;

bool is_constant_name(std::string_view name) {
  const auto allowed = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; };
  return !name.empty() && name.front() >= 'A' && name.front() <= 'Z' && std::ranges::all_of(name, allowed);
}

// A number, negative ones as the kernel sees them (64 bits), or a constant's name.
std::optional<RuleValue> rule_value(const Field& field) {
  if (field.is(Value::Type::integer)) return RuleValue{static_cast<std::uint64_t>(field.value().integer)};
  std::optional<std::string> name = field.text();
  if (!name) return {};
  if (is_constant_name(*name)) return RuleValue{std::move(*name)};
  field.fail(quote_for_display(*name) + " is neither a number nor a constant such as \"AF_NETLINK\"");
  return {};
}

std::optional<std::uint64_t> mask(const Field& field) {
  if (!field.is(Value::Type::integer)) return field.fail_type("a whole number such as 0x7f"), std::nullopt;
  return static_cast<std::uint64_t>(field.value().integer);
}

void read_argument(const Field& field, SeccompRule& rule) {
  if (const auto argument = field.integer(0, 5)) rule.argument = static_cast<int>(*argument);
}

void read_action(const Field& field, SeccompRule& rule) {
  using Action = SeccompRule::Action;
  const std::optional<std::string> text = field.text();
  if (!text) return;
  if (text->starts_with("errno:")) {
    rule.action = Action::error;
    rule.error = text->substr(6);
    if (is_constant_name(rule.error) && rule.error.starts_with('E')) return;
    return field.fail(quote_for_display(*text) + " names no error; write such as \"errno:EPERM\"");
  }
  if (*text == "allow") {
    rule.action = Action::allow;
  } else if (*text == "kill") {
    rule.action = Action::kill;
  } else if (*text == "log") {
    rule.action = Action::log;
  } else {
    field.fail(quote_for_display(*text) + " is not known; write \"allow\", \"errno:NAME\", \"kill\" or \"log\"");
  }
}

constexpr Key<SeccompRule> masked_rows[] = {
    {"mask", plain<&SeccompRule::mask, mask>},
    {"equals", plain<&SeccompRule::value, rule_value>},
};
constinit const Keys<SeccompRule> masked_keys = masked_rows;

void read_masked(const Field& field, SeccompRule& rule) {
  rule.compare = SeccompRule::Compare::masked;
  read_table(field, masked_keys, rule);
  if (!field.is(Value::Type::table)) return;
  for (const std::string_view needed : {"mask", "equals"}) {
    if (!has_member(field, needed)) fail_missing(field, needed);
  }
}

constexpr Key<SeccompRule> rule_rows[] = {
    {"syscall", plain<&SeccompRule::syscall, system_call>},
    {"argument", read_argument},
    {"equals", plain<&SeccompRule::value, rule_value>},
    {"masked", read_masked, inner_keys<masked_keys>},
    {"action", read_action},
};
constinit const Keys<SeccompRule> rule_keys = rule_rows;

std::optional<SeccompRule> seccomp_rule(const Field& field) {
  SeccompRule rule{.origin = field.origin()};
  read_table(field, rule_keys, rule);
  if (!field.is(Value::Type::table)) return {};
  for (const std::string_view needed : {"syscall", "argument", "action"}) {
    if (!has_member(field, needed)) fail_missing(field, needed);
  }
  const bool equals = has_member(field, "equals");
  if (equals == has_member(field, "masked")) {
    field.fail(equals ? "has both \"equals\" and \"masked\"; keep one" : "\"equals\" (or \"masked\") is missing");
  }
  return rule;
}

constexpr Key<SeccompSection> rows[] = {
    {"policy", scalar<&SeccompSection::policy, one_of<policy_words>>},
    {"allow", list<&SeccompSection::allow, sourced<system_call>>},
    {"deny", list<&SeccompSection::deny, sourced<system_call>>},
    {"rule", list<&SeccompSection::rules, seccomp_rule>, inner_keys<rule_keys>},
};

}  // namespace

constinit const Keys<SeccompSection> seccomp_keys = rows;

}  // namespace snug
