#include "cli/trust.h"

#include <algorithm>
#include <map>
#include <string_view>

#include "base/paths.h"
#include "base/quote.h"
#include "base/sha256.h"
#include "sys/limits.h"

namespace snug {
namespace {

constexpr std::size_t most_changed_lines = 60;

// --- whose a file is ------------------------------------------------------------------------------------

bool is_within(const ProfileText& text, const std::string& directory) {
  return !directory.empty() && (is_below(text.path, directory) || is_below(text.real_path, directory));
}

/// The user's or the machine's, by the place it is named at: a link there is theirs, too.
bool is_own(const ProfileText& text, const Caller& caller) {
  return is_below(text.path, caller.config_dir + "/profiles") || is_below(text.path, "/etc/snug/profiles");
}

bool is_of(const Document& document, const ProfileText& root) { return document.chain.front() == name_of(root); }

class Sides {
 public:
  Sides(const ChosenProfile& chosen, const Caller& caller) : chosen_(chosen), caller_(caller) {
    const ProfileText* first = chosen.texts.empty() ? nullptr : &chosen.texts.front();
    if (first == nullptr || first->role == ProfileText::Role::laid_on_top) return;
    root_ = first;
    root_is_projects_ = !first->path.empty() && is_projects_file(*first);
  }

  /// Is it text that whoever wrote the project may have written?
  bool is_projects(const Document& document) const {
    if (document.text.file.empty() || document.text.role == ProfileText::Role::laid_on_top) return false;
    if (is_projects_file(document.text)) return true;
    return is_led_to(document) && !is_own(document.text, caller_);
  }

  /// A shipped profile that the project asks for.
  bool is_asked_for(const Document& document) const { return document.text.file.empty() && is_led_to(document); }

 private:
  bool is_projects_file(const ProfileText& text) const {
    const bool found = !chosen_.file.empty() && text.path == chosen_.file && base_name(text.path) == "snug.toml";
    return found || is_within(text, chosen_.project.path);
  }

  bool is_led_to(const Document& document) const {
    return root_is_projects_ && root_ != nullptr && is_of(document, *root_);
  }

  const ChosenProfile& chosen_;
  const Caller& caller_;
  const ProfileText* root_ = nullptr;
  bool root_is_projects_ = false;
};

ApprovedFile to_approve(const ProfileText& text) {
  return {.path = text.path, .sha256 = sha256_hex(text.text), .text = text.text};
}

// --- limits ---------------------------------------------------------------------------------------------

std::uint64_t current_limit(std::string_view name) {
  if (name == "core") return 0;  // the default profile's
  const auto resource = resource_named(name);
  return resource ? own_limit(*resource).soft : 0;
}

// --- words ----------------------------------------------------------------------------------------------

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(text.size(), end + 1));
  }
  return lines;
}

void add_changes(const Approval& before, const ProjectSide& side, std::vector<std::string>& lines) {
  for (const ApprovedFile& file : side.approval.files) {
    const auto old = std::ranges::find(before.files, file.path, &ApprovedFile::path);
    if (old != before.files.end() && old->sha256 == file.sha256) continue;
    lines.push_back(quote_for_display(file.path) +
                    (old == before.files.end() ? " was not there when you approved it" : " has changed since:"));
    for (std::string& line : changed_lines(old == before.files.end() ? "" : old->text, file.text)) {
      lines.push_back("  " + std::move(line));
    }
  }
}

}  // namespace

ProjectSide find_project_side(const std::vector<Document>& documents, const ChosenProfile& chosen,
                              const Caller& caller) {
  const Sides sides(chosen, caller);
  ProjectSide side;
  if (!chosen.texts.empty()) side.approval.profile = chosen.texts.front().path;
  for (const Document& document : documents) {
    const bool projects = sides.is_projects(document);
    if (!projects && !sides.is_asked_for(document)) continue;
    if (projects) side.approval.files.push_back(to_approve(document.text));
    if (projects) side.names.push_back(document.text.file);
    const auto found = find_widenings(document, projects ? Author::project : Author::shipped);
    side.widenings.insert(side.widenings.end(), found.begin(), found.end());
  }
  return side;
}

void add_raised_limits(const Profile& profile, ProjectSide& side) {
  const auto raised = find_raised_limits(profile, side.names, current_limit);
  side.widenings.insert(side.widenings.end(), raised.begin(), raised.end());
}

bool covers(const Approval& approval, const ProjectSide& side) {
  return approval.profile == side.approval.profile &&
         std::ranges::all_of(side.approval.files, [&](const ApprovedFile& file) {
           const auto found = std::ranges::find(approval.files, file.path, &ApprovedFile::path);
           return found != approval.files.end() && found->sha256 == file.sha256;
         });
}

Result<void> check_trust(const ProjectSide& side, const Caller& caller, std::vector<std::string>& lines) {
  if (side.widenings.empty()) return {};
  const auto approval = read_approval(side.approval.profile, caller);
  if (!approval) return approval.error();
  if (*approval && covers(**approval, side)) return {};
  const std::string name = quote_for_display(side.approval.profile);
  lines.push_back(name + " asks for what a project gets only with your approval:");
  for (const Diagnostic& widening : side.widenings) lines.push_back("  " + to_text(widening));
  if (*approval) add_changes(**approval, side, lines);
  return Error{.what = name + (*approval ? " has changed since you approved it" : " is not approved"),
               .fix = "snug trust " + side.approval.profile + "   if you agree to what it asks for\n" +
                      "snug -p default   without it"};
}

std::vector<std::string> changed_lines(const std::string& before, const std::string& text) {
  std::map<std::string_view, int> surplus;
  const auto old_lines = lines_of(before), new_lines = lines_of(text);
  for (const auto line : new_lines) ++surplus[line];
  std::vector<std::string> changes;
  const auto add = [&](char sign, std::string_view line) {
    const char* rest = line.size() > 200 ? "..." : "";
    changes.push_back(std::string(1, sign) + " " + escape_for_display(line.substr(0, 200)) + rest);
  };
  for (const auto line : old_lines) {
    if (--surplus[line] < 0) add('-', line);
  }
  // What is left over is new.
  for (const auto line : new_lines) {
    if (surplus[line] > 0 && surplus[line]-- > 0) add('+', line);
  }
  if (changes.size() <= most_changed_lines) return changes;
  const std::string rest = std::to_string(changes.size() - most_changed_lines);
  changes.resize(most_changed_lines);
  changes.push_back("and " + rest + " more lines");
  return changes;
}

}  // namespace snug
