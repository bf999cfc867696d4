#include "plan/why.h"

#include "plan/inside.h"
#include "support/planning.h"

using namespace snug;

namespace {

struct Asking : Planning {
  Asking() {
    host.add(
        "d /home/ann/data uid=1000\nf /home/ann/data/file uid=1000\nf /home/ann/data/tool uid=1000 mode=0755\n"
        "f /home/ann/data/closed uid=0 mode=0600");
  }
  PathAnswer ask(const std::string& path) { return why_path(plan(), host, path); }
};

std::vector<ProfileLine> one(const char* key, const char* element) { return {{key, element}}; }

bool says(const std::string& text, const std::string& words) { return text.find(words) != std::string::npos; }

}  // namespace

TEST_CASE("the system can be read and executed, and names itself as the rule") {
  Asking asking;
  const auto answer = asking.ask("/bin/bash");
  CHECK(answer.path == "/usr/bin/bash");
  CHECK(answer.host_path == "/usr/bin/bash");
  CHECK(answer.rule == std::string("read"));
  CHECK(answer.read.allowed);
  CHECK_FALSE(answer.write.allowed);
  CHECK(says(answer.write.reason, "the host would not let you"));
  CHECK(answer.write.add.empty());
}

TEST_CASE("what the view leaves out says which line would show it") {
  Asking asking;
  const auto answer = asking.ask("/home/ann/data/file");
  CHECK(answer.kind == FileKind::absent);
  CHECK(answer.read.add == one("filesystem.read", "~/data/file"));
  CHECK(answer.write.add == one("filesystem.write", "~/data/file"));
  CHECK(to_text(answer.read.add.at(0)) == R"(filesystem.read = ["~/data/file"])");
  CHECK(asking.ask("/home/ann/data/closed").read.add.empty());  // no line helps: the host refuses
  CHECK(asking.ask("/home/ann/nowhere").read.add.empty());
}

TEST_CASE("the line that why names does what it says") {
  Asking asking;
  asking.toml = "filesystem.write = [\"~/data/file\"]";
  const auto answer = asking.ask("/home/ann/data/file");
  CHECK(answer.read.allowed);
  CHECK(answer.write.allowed);
  CHECK(answer.write.origin.line == 2);
}

TEST_CASE("what names the machine is read as something else") {
  Asking asking;
  asking.toml = "filesystem.etc = \"host\"";
  asking.host.add("f /etc/machine-id");
  const auto answer = asking.ask("/etc/machine-id");
  CHECK(answer.read.allowed);
  CHECK(answer.read.reason == "a file of the sandbox's own stands there: the host's names the machine");
  CHECK_FALSE(answer.write.allowed);
}

TEST_CASE("a name that a list cannot say gets a mount") {
  Asking asking;
  asking.host.add("f /home/ann/data/a*b uid=1000");
  const auto answer = asking.ask("/home/ann/data/a*b");
  CHECK(answer.read.add.empty());
  CHECK(says(answer.read.fix, "[[filesystem.mount]]"));
}

TEST_CASE("read-only by a line of one's own: the stricter holds, so that line must change") {
  Asking asking;
  asking.toml = "filesystem.read = [\"~/data\"]";
  CHECK(says(asking.ask("/home/ann/data").write.fix, "in filesystem.write instead"));
  CHECK(asking.ask("/home/ann/data/file").write.add == one("filesystem.write", "~/data/file"));
}

TEST_CASE("hidden and protected files name the line that says so") {
  Asking asking;
  asking.host.add("f /home/ann/web/.env uid=1000\nf /home/ann/web/.envrc uid=1000");
  asking.toml = "[filesystem]\nhide = [\".env\"]\nprotect = [\".envrc\"]";
  const auto hidden = asking.ask("/home/ann/web/.env");
  CHECK(hidden.rule == std::string("hidden"));
  CHECK_FALSE(hidden.read.allowed);
  CHECK(hidden.read.fix == "take it out of /home/ann/web/snug.toml:3 (filesystem.hide)");
  CHECK(says(hidden.remarks.at(0), "a single file"));
  const auto sealed = asking.ask("/home/ann/web/.envrc");
  CHECK(sealed.read.allowed);
  CHECK(says(sealed.write.fix, "/home/ann/web/snug.toml:4 (filesystem.protect)"));
}

TEST_CASE("git's own protection says which key opens it") {
  Asking asking;
  asking.host.add(
      "d /home/ann/web/.git uid=1000\nf /home/ann/web/.git/config uid=1000\nd /home/ann/web/.git/objects uid=1000");
  CHECK(says(asking.ask("/home/ann/web/.git/config").write.fix, "filesystem.git"));
  CHECK(asking.ask("/home/ann/web/.git/objects").write.allowed);
  CHECK(asking.ask("/home/ann/web/.git/commondir").read.allowed);  // the stub that a run puts there
}

TEST_CASE("renames that fail differently inside are told") {
  Asking asking;
  asking.host.add("d /home/ann/web/private uid=1000\nf /home/ann/web/private/key uid=1000");
  asking.toml = "filesystem.protect = [\"private/key\"]";
  CHECK(says(asking.ask("/home/ann/web/private").remarks.at(0), "EBUSY"));
  asking.toml = "filesystem.write = [\"~/data/file\"]";
  CHECK(says(asking.ask("/home/ann/data/file").remarks.at(0), "show its directory instead"));
  asking.toml = "filesystem.overlay = [\"~/data\"]";
  CHECK(says(asking.ask("/home/ann/data").remarks.at(0), "EXDEV"));
}

TEST_CASE("programs of a mount without exec, and files without the bit, cannot be executed") {
  Asking asking;
  asking.toml = "[[filesystem.mount]]\ntype = \"bind\"\nsource = \"/home/ann/data\"\nexec = false";
  CHECK(says(asking.ask("/home/ann/data/tool").execute.reason, "exec = false"));
  asking.toml = "filesystem.read = [\"~/data\"]";
  CHECK(asking.ask("/home/ann/data/tool").execute.allowed);
  CHECK(says(asking.ask("/home/ann/data/file").execute.reason, "not executable"));
}

TEST_CASE("the host's own mount flags count") {
  Asking asking;
  asking.host.add(R"(f /proc/self/mountinfo "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n23 22 0:21 / /home/ann/da\\040ta rw)"
                  R"(,noexec - tmpfs tmpfs rw\n24 22 0:22 / /home/ann/data ro,noexec - tmpfs tmpfs rw\n")");
  asking.toml = "filesystem.write = [\"~/data\"]";
  CHECK(says(asking.ask("/home/ann/data/tool").execute.reason, "mounted noexec"));
  CHECK(says(asking.ask("/home/ann/data/file").write.reason, "mounted read-only"));
  const auto mounts = host_mounts_of("23 22 0:21 / /a\\040b rw,noexec shared:1 - tmpfs t ro\n");
  CHECK(mounts.at(0).point == "/a b");
  CHECK(mounts.at(0).no_exec);
  CHECK(mounts.at(0).read_only);
}

TEST_CASE("links lead where they lead inside, and a circle ends") {
  Asking asking;
  asking.host.add(
      "l /home/ann/web/out -> /home/ann/data/file\nl /home/ann/web/round -> round\nl /home/ann/web/in -> .git/..");
  CHECK(asking.ask("/home/ann/web/out").path == "/home/ann/data/file");
  CHECK_FALSE(asking.ask("/home/ann/web/out").read.allowed);
  CHECK(says(asking.ask("/home/ann/web/round").read.reason, "circle"));
}

TEST_CASE("variables: passed, set, said by snug, unset, never passed, dropped") {
  Asking asking;
  asking.toml = "[environment]\nset = { CI = \"1\" }\nunset = [\"LANG\"]";
  const Plan plan = asking.plan();
  const auto ask = [&](const char* name) { return why_variable(plan, asking.profile(), asking.caller(), name); };
  CHECK(ask("TERM").allowed);
  CHECK(ask("CI").origin.line == 3);
  CHECK(ask("HOME").allowed);
  CHECK(says(ask("LANG").fix, "environment.unset"));
  CHECK(says(ask("LD_PRELOAD").fix, "environment.set"));
  CHECK(ask("AWS_SECRET_ACCESS_KEY").add == one("environment.pass", "AWS_SECRET_ACCESS_KEY"));
  CHECK(says(ask("NOWHERE").reason, "not set outside"));
}

TEST_CASE("a file in a home of the sandbox's own is not the host's of that name") {
  Asking asking;
  asking.toml = "filesystem.read = [\"~/data/file\"]";
  const auto around = asking.ask("/home/ann/data");
  CHECK(around.write.allowed);
  CHECK(says(around.write.reason, "not the host's"));
  CHECK(around.write.add == one("filesystem.write", "~/data"));
  CHECK(asking.ask("/home/ann/data/file").read.add.empty());
  CHECK(asking.ask("/home/ann").read.add.empty());
}
