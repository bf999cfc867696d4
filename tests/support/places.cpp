#include "support/places.h"

namespace snug::test {

const std::string& source_dir() {
  static const std::string path = SNUG_SOURCE_DIR;
  return path;
}

const std::string& launch_library() {
  static const std::string path = SNUG_LAUNCH_LIBRARY;
  return path;
}

}  // namespace snug::test
