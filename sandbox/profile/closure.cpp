#include "profile/closure.h"

#include <algorithm>
#include <map>

#include "base/paths.h"
#include "base/quote.h"
#include "profile/bytes.h"
#include "profile/shipped.h"

namespace snug {
namespace {

constexpr std::size_t deepest = 16;
constexpr std::size_t most_files = 64;
constexpr std::size_t most_bytes = std::size_t{4} << 20;

/// The same for two ways of naming one file.
std::string identity_of(const ProfileText& text) {
  if (!text.path.empty()) return text.path;
  return text.file.empty() ? "shipped " + text.name : text.file;
}

bool is_file_reference(std::string_view word) {
  return word.starts_with('/') || word.starts_with("~/") || word.starts_with("./");
}

std::string directory_of(const std::string& file) {
  if (file.find('/') == std::string::npos) return ".";
  return std::string(parent_of(file));
}

/// "./base.toml" said by "web/snug.toml" is called "web/base.toml".
std::string beside(const std::string& file, std::string_view name) {
  const std::string directory = directory_of(file);
  return directory == "." ? std::string(name) : join(directory, name);
}

std::string joined(const std::vector<std::string>& chain) {
  std::string text;
  for (const std::string& link : chain) text += (text.empty() ? "" : " -> ") + escape_for_display(link);
  return text;
}

// An error's lines as one.
std::string one_line(const Error& error) {
  std::string text = to_text(error);
  for (std::size_t at = text.find("\n  "); at != std::string::npos; at = text.find("\n  ", at))
    text.replace(at, 3, "; ");
  return text;
}

class Reader {
 public:
  Reader(const FindProfile& find, const std::string& home) : find_(find), home_(home) {}

  void read(ProfileText text, std::vector<std::string> chain) {
    chain.push_back(name_of(text));
    states_[identity_of(text)] = State::open;
    Document document{.text = std::move(text), .chain = std::move(chain)};
    parse(document);
    extend(document);
    states_[identity_of(document.text)] = State::done;
    documents_.push_back(std::move(document));
  }

  bool knows(const ProfileText& text) const { return states_.contains(identity_of(text)); }
  std::vector<Document> take() { return std::move(documents_); }

 private:
  enum class State { open, done };

  void parse(Document& document) {
    bytes_ += document.text.text.size();
    auto outcome = parse_document(document.text.text);
    if (const auto* const error = std::get_if<SyntaxError>(&outcome)) return fail(document, error->at, error->message);
    document.value = std::move(std::get<Value>(outcome));
    document.valid = true;
  }

  /// What is wrong with the type of the list or its items is said by whoever reads the keys.
  void extend(Document& document) {
    for (const Member& member : document.value.members) {
      if (member.key != "extends" || member.value.type != Value::Type::list) continue;
      for (const Value& item : member.value.items) {
        if (item.type == Value::Type::text) follow(document, item);
      }
    }
  }

  void follow(Document& document, const Value& item) {
    const std::string word = utf8_to_bytes(item.text);
    const std::optional<ProfileReference> reference = refer(document, item, word);
    if (!reference) return;
    if (document.chain.size() >= deepest) return fail_chain(document, item, "is more than 16 profiles deep", word);
    Result<ProfileText> found = find_(*reference);
    if (!found) return fail(document, item.at, "extends: " + one_line(found.error()));
    document.extended.push_back({.at = item.at, .shipped = found->file.empty()});
    if (is_default(*found)) return;
    const auto state = states_.find(identity_of(*found));
    if (state != states_.end() && state->second == State::done) return;
    if (state != states_.end()) return fail_chain(document, item, "goes round in a circle", name_of(*found));
    if (states_.size() >= most_files) return fail_once(document, item, "there are more than 64 profiles to build on");
    if (bytes_ + found->text.size() > most_bytes)
      return fail_once(document, item, "the profiles to build on are larger than 4 MiB together");
    read(std::move(*found), document.chain);
  }

  std::optional<ProfileReference> refer(Document& document, const Value& item, const std::string& word) {
    const auto refuse = [&](const std::string& why) {
      fail(document, item.at, "extends: " + quote_for_display(word) + why);
      return std::nullopt;
    };
    if (word.find("${") != std::string::npos)
      return refuse(": variables are not known yet where profiles are looked up");
    if (word.starts_with('!')) return refuse(": nothing can be taken out of what a profile is built on");
    if (has_dot_dot(word)) return refuse(" has \"..\" in it; write the path out from /, ~/ or ./");
    if (word.find('\0') != std::string::npos) return refuse(" holds a NUL character");
    if (!is_file_reference(word)) {
      if (word.find('/') == std::string::npos && !word.ends_with(".toml")) return ProfileReference{.name = word};
      return refuse(" is no name; did you mean " + quote_for_display("./" + word) + "?");
    }
    if (word.starts_with("./") && document.text.file.empty()) return refuse(": a shipped profile lies beside no file");
    return file_reference(document.text, word);
  }

  ProfileReference file_reference(const ProfileText& from, const std::string& word) const {
    if (word.starts_with('/')) return {.path = normalise(word), .file = word};
    if (word.starts_with("~/")) return {.path = normalise(join(home_, word.substr(2))), .file = word};
    const std::string name = word.substr(2);
    const std::string path = beside(from.path.empty() ? from.file : from.path, name);
    return {.path = path.starts_with('/') ? normalise(path) : path, .file = beside(from.file, name)};
  }

  void fail_chain(Document& document, const Value& item, const char* what, const std::string& last) {
    std::vector<std::string> chain = document.chain;
    chain.push_back(last);
    fail(document, item.at, std::string("extends: ") + what + ": " + joined(chain));
  }

  void fail_once(Document& document, const Value& item, const std::string& why) {
    if (!too_many_) fail(document, item.at, "extends: " + why);
    too_many_ = true;
  }

  void fail(Document& document, Position at, std::string message) {
    document.diagnostics.push_back({name_of(document.text), at.line, at.column, std::move(message)});
  }

  const FindProfile& find_;
  const std::string& home_;
  std::vector<Document> documents_;
  std::map<std::string, State> states_;
  std::size_t bytes_ = 0;
  bool too_many_ = false;
};

}  // namespace

std::string name_of(const ProfileText& text) {
  if (!text.file.empty()) return text.file;
  return is_default(text) ? "built-in default" : "shipped profile " + text.name;
}

bool is_default(const ProfileText& text) { return text.file.empty() && (text.name.empty() || text.name == "default"); }

Result<ProfileText> find_shipped(const ProfileReference& reference) {
  if (!reference.path.empty()) return Error{.what = "cannot read profile " + quote_for_display(reference.file)};
  const ShippedProfile* shipped = find_shipped_profile(reference.name);
  if (shipped == nullptr) return Error{.what = "unknown profile " + quote_for_display(reference.name)};
  return ProfileText{.text = std::string(shipped->text), .name = reference.name};
}

std::vector<Document> read_closure(const std::vector<ProfileText>& texts, const FindProfile& find,
                                   const std::string& home) {
  Reader reader(find, home);
  for (const ProfileText& text : texts) {
    if (!is_default(text) && !reader.knows(text)) reader.read(text, {});
  }
  return reader.take();
}

}  // namespace snug
