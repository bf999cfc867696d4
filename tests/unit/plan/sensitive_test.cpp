#include "plan/sensitive.h"

#include "support/catch.h"

using namespace snug;

TEST_CASE("keys and tokens are known by their place, what runs outside where it is written") {
  const auto opens = [](const char* path, Access access) {
    const SensitivePlace* const place = sensitive_place(path, "/home/ann", access);
    return place ? std::string(place->path) : "";
  };
  CHECK(opens("/home/ann/.ssh/id_ed25519", Access::read) == ".ssh");
  CHECK(opens("/home/ann/.config", Access::read) == ".config/git/credentials");  // lies in it
  CHECK(opens("/home/ann/.sshx", Access::read).empty());
  CHECK(opens("/home/bob/.ssh", Access::read).empty());
  CHECK(opens("/home/ann/.bashrc", Access::read).empty());
  CHECK(opens("/home/ann/.bashrc", Access::write) == ".bashrc");
  CHECK(opens("/home/ann/.aws", Access::write) == ".aws");
  CHECK(opens("/home/ann/data", Access::write).empty());
}

TEST_CASE("names of variables that hold secrets") {
  CHECK(names_a_secret("AWS_SECRET_ACCESS_KEY"));
  CHECK(names_a_secret("github_token"));
  CHECK_FALSE(names_a_secret("EDITOR"));
}
