#include "profile/user_file.h"

#include "support/catch.h"

using namespace snug;

TEST_CASE("the user's own file for a project is named after the project and a hash of its path") {
  CHECK(user_file_name("/home/ann/web") == "web-f0177f751386642f.toml");
  CHECK(user_file_name("/srv/web") != user_file_name("/home/ann/web"));
  CHECK(user_file_name("/home/ann/a b\n\xff").starts_with("a_b__-"));
  CHECK(user_file_name("").starts_with("no-project-"));
  CHECK(user_file_name("/" + std::string(200, 'x')).size() == 32 + 1 + 16 + 5);
}

TEST_CASE("names of profiles are plain words") {
  for (const char* name : {"node", "web-service", "a.b", "3", "C_x"}) CHECK(is_profile_name(name));
  for (const char* name : {"", ".", "..", ".x", "-x", "a/b", "a b", "x.toml", "\xc3\xa9"})
    CHECK_FALSE(is_profile_name(name));
  CHECK_FALSE(is_profile_name(std::string(65, 'x')));
}
