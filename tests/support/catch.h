// Catch2 2 and 3 behind one include. A test case is tagged with its folder, which names it to ctest.
#pragma once

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif

#ifdef SNUG_TEST_FOLDER
#undef TEST_CASE
// The macro that TEST_CASE itself stands for, in both versions.
#define TEST_CASE(name, ...) INTERNAL_CATCH_TESTCASE(name, SNUG_TEST_FOLDER __VA_ARGS__)
#endif

namespace snug::test {

/// How often a test that tries random input goes round: a tenth of it under the sanitizers, which slow it ten times.
constexpr int rounds(int usual) {
#ifdef SNUG_SANITIZED
  return usual / 10;
#else
  return usual;
#endif
}

}  // namespace snug::test
