#include "base/paths.h"

#include "support/catch.h"

using namespace snug;

TEST_CASE("normalise folds slashes, dots and parents") {
  CHECK(normalise("/") == "/");
  CHECK(normalise("//") == "/");
  CHECK(normalise("/a/b") == "/a/b");
  CHECK(normalise("//a//b///") == "/a/b");
  CHECK(normalise("/./a/./b/.") == "/a/b");
  CHECK(normalise("/a/../b") == "/b");
  CHECK(normalise("/a/..") == "/");
  CHECK(normalise("/../../a") == "/a");
  CHECK(normalise("/a/...") == "/a/...");
  CHECK(normalise("/a/.b/..c") == "/a/.b/..c");
  CHECK(normalise("/with space/new\nline/\xff") == "/with space/new\nline/\xff");
}

TEST_CASE("join puts one slash between") {
  CHECK(join("/a", "b/c") == "/a/b/c");
  CHECK(join("/a/", "/b") == "/a/b");
  CHECK(join("/", "b") == "/b");
  CHECK(join("/", "") == "/");
  CHECK(join("/a", "") == "/a");
  CHECK(join("/a", "/") == "/a");
}

TEST_CASE("parent and base name of a path") {
  CHECK(parent_of("/a/b") == "/a");
  CHECK(parent_of("/a") == "/");
  CHECK(parent_of("/") == "/");
  CHECK(base_name("/a/b") == "b");
  CHECK(base_name("/a") == "a");
  CHECK(base_name("/").empty());
}

TEST_CASE("is_below compares whole components") {
  CHECK(is_below("/a/b", "/a"));
  CHECK(is_below("/a", "/a"));
  CHECK(is_below("/a", "/"));
  CHECK(is_below("/", "/"));
  CHECK_FALSE(is_below("/", "/a"));
  CHECK_FALSE(is_below("/ab", "/a"));
  CHECK_FALSE(is_below("/a", "/a/b"));
}

TEST_CASE("has_dot_dot looks at whole components") {
  CHECK(has_dot_dot(".."));
  CHECK(has_dot_dot("../a"));
  CHECK(has_dot_dot("/a/../b"));
  CHECK(has_dot_dot("a/.."));
  CHECK_FALSE(has_dot_dot("/a/...b/..c/d.."));
  CHECK_FALSE(has_dot_dot(""));
}
