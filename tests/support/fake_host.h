// A host made of text, for the planner's tests. One file a line; directories on the way are made, owned by root:
//
//     d /home/ann uid=1000
//     f /etc/shells "/bin/sh\n"
//     f /home/ann/.netrc uid=1000 mode=0600
//     l /bin -> usr/bin
//     c /dev/null                      (also: b, s, p, and u for what may not be reached)
//
// Keys: uid= gid= mode= dev= size=. A quoted text knows \n, \t, \\, \" and \xHH. "#" starts a comment.
#pragma once

#include <map>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>

#include "base/paths.h"
#include "host/view.h"

class FakeHost : public snug::HostView {
 public:
  explicit FakeHost(const std::string& description) {
    files_["/"].status.kind = snug::FileKind::directory;
    add(description);
  }

  void add(const std::string& description) {
    std::istringstream lines(description);
    for (std::string line; std::getline(lines, line);) add_line(line);
  }

  snug::FileStatus status(const std::string& path) override {
    ++questions;
    const auto file = files_.find(path);
    return file == files_.end() ? snug::FileStatus{} : file->second.status;
  }

  std::optional<std::string> read_link(const std::string& path) override {
    ++questions;
    const auto file = files_.find(path);
    if (file == files_.end() || file->second.status.kind != snug::FileKind::symlink) return {};
    return file->second.content;
  }

  std::vector<std::string> list(const std::string& path) override {
    ++questions;
    const auto file = files_.find(path);
    if (file == files_.end() || file->second.status.kind != snug::FileKind::directory) return {};
    return {file->second.names.begin(), file->second.names.end()};
  }

  std::vector<snug::HostEntry> entries(const std::string& path) override {
    std::vector<snug::HostEntry> entries;
    for (const std::string& name : list(path)) {
      entries.push_back({name, files_.at(snug::join(path, name)).status.kind});
    }
    return entries;
  }

  std::optional<std::string> read_small(const std::string& path, std::size_t limit) override {
    ++questions;
    const auto file = files_.find(path);
    if (file == files_.end() || file->second.status.kind != snug::FileKind::regular) return {};
    return file->second.content.substr(0, limit);
  }

  std::uint64_t filesystem_type(const std::string&) override {
    ++questions;
    return 0xef53;
  }

  snug::BoundSockets bound_sockets() override {
    ++questions;
    return sockets;
  }

  std::optional<snug::Error> shortage() const override { return short_of; }

  std::size_t questions = 0;
  std::optional<snug::Error> short_of;
  snug::BoundSockets sockets;

 private:
  struct FakeFile {
    snug::FileStatus status;
    std::string content;  // of a symbolic link: where it leads
    std::set<std::string> names;
  };

  static snug::FileKind kind_of(const std::string& letter) {
    using snug::FileKind;
    static const std::map<std::string, FileKind> kinds{{"d", FileKind::directory},    {"f", FileKind::regular},
                                                       {"l", FileKind::symlink},      {"c", FileKind::character_device},
                                                       {"b", FileKind::block_device}, {"s", FileKind::socket},
                                                       {"p", FileKind::fifo},         {"u", FileKind::unreadable}};
    return kinds.at(letter);
  }

  static std::string unquoted(const std::string& text) {
    std::string bytes;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] != '\\') {
        bytes += text[i];
        continue;
      }
      const char next = text.at(++i);
      if (next == 'x') {
        bytes += static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16));
        i += 2;
      } else {
        bytes += next == 'n' ? '\n' : next == 't' ? '\t' : next;
      }
    }
    return bytes;
  }

  FakeFile& make(const std::string& path, snug::FileKind kind) {
    if (path != "/") {
      const std::string parent(snug::parent_of(path));
      if (!files_.contains(parent)) make(parent, snug::FileKind::directory);
      files_[parent].names.insert(std::string(snug::base_name(path)));
    }
    FakeFile& file = files_[path];
    file.status.kind = kind;
    file.status.mode = kind == snug::FileKind::regular ? 0644 : 0755;
    file.status.device = 1;
    file.status.inode = ++inodes_;
    return file;
  }

  void add_line(std::string line) {
    std::string content;
    if (const auto quote = line.find(" \""); quote != std::string::npos) {
      content = unquoted(line.substr(quote + 2, line.rfind('"') - quote - 2));
      line.resize(quote);
    }
    std::istringstream words(line);
    std::string letter, path, word;
    if (!(words >> letter >> path) || letter[0] == '#') return;
    FakeFile& file = make(unquoted(path), kind_of(letter));
    while (words >> word) {
      if (word == "->") {
        words >> content;
        continue;
      }
      const auto equals = word.find('=');
      if (equals == std::string::npos) throw std::runtime_error("fake host: " + word);
      const std::string key = word.substr(0, equals);
      const auto value = std::stoull(word.substr(equals + 1), nullptr, key == "mode" ? 8 : 10);
      if (key == "uid") file.status.uid = static_cast<std::uint32_t>(value);
      if (key == "gid") file.status.gid = static_cast<std::uint32_t>(value);
      if (key == "mode") file.status.mode = static_cast<std::uint32_t>(value);
      if (key == "dev") file.status.device = value;
      if (key == "size") file.status.size = value;
    }
    if (letter == "d" && line.find("gid=") == std::string::npos) file.status.gid = file.status.uid;
    if (!content.empty()) {
      file.content = content;
      file.status.size = content.size();
    }
  }

  std::map<std::string, FakeFile> files_;
  std::uint64_t inodes_ = 0;
};
