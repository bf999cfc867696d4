// Compares text with a file of the tree. SNUG_ACCEPT=1 writes the file anew instead.
#pragma once

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "support/catch.h"
#include "support/places.h"

inline std::string read_text_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// `name` is relative to tests/unit/.
inline void check_golden(const std::string& name, const std::string& text) {
  const std::string path = snug::test::source_dir() + "/tests/unit/" + name;
  if (std::getenv("SNUG_ACCEPT") != nullptr) {
    std::ofstream(path, std::ios::binary) << text;
    return;
  }
  INFO("golden file " << path << "; SNUG_ACCEPT=1 writes it anew");
  CHECK(text == read_text_file(path));
}
