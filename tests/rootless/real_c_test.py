"""Real C projects, from Debian's sources, configured, built and tested inside the default sandbox; and C's tools."""
import os
import shutil
import subprocess
import tarfile
import unittest

import snugtest
from snugtest import Case, HOME, STAGE

DOWNLOADS = os.path.join(STAGE, "downloads")


class Projects(Case):
    def unpack(self, archive):
        """Unpacks an archive into the project; returns its single top folder."""
        with tarfile.open(os.path.join(DOWNLOADS, archive)) as tar:
            tar.extractall(self.project)
        names = [name for name in os.listdir(self.project) if name != "probe"]
        self.assertEqual(len(names), 1)
        return os.path.join(self.project, names[0])

    def test_lua_with_make(self):
        folder = self.unpack("lua5.4_5.4.4.orig.tar.gz")
        output = self.shell(f"cd {folder}; make -s -j2 linux 2>&1 | tail -n 5; src/lua -e 'print(_VERSION, 6 * 7)'; "
                            f"make -s install INSTALL_TOP={folder}/installed >/dev/null; ls installed/bin", timeout=300)
        self.assertIn("Lua 5.4\t42", output)
        self.assertIn("luac", output)

    def test_the_same_build_gives_the_same_program_outside(self):
        folder = self.unpack("lua5.4_5.4.4.orig.tar.gz")
        self.shell(f"make -s -j2 -C {folder} linux 2>&1", timeout=300)
        inside = open(os.path.join(folder, "src/lua"), "rb").read()
        subprocess.run(["make", "-s", "-C", folder, "clean"], check=True, stdout=subprocess.DEVNULL)
        subprocess.run(["make", "-s", "-j2", "-C", folder, "linux"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        outside = open(os.path.join(folder, "src/lua"), "rb").read()
        self.assertEqual(inside, outside)

    def test_cjson_with_cmake_and_ninja(self):
        folder = self.unpack("cjson_1.7.15.orig.tar.gz")
        script = (f"cd {folder}; cmake -G Ninja -B out -DENABLE_CUSTOM_COMPILER_FLAGS=Off . >/dev/null; "
                  "ninja -C out >/dev/null; cd out; ctest 2>&1 | tail -n 4")
        self.assertRegex(self.shell(script, timeout=300), r"100% tests passed, 0 tests failed out of \d\d")


class Tools(Case):
    PROGRAM = """
#include <stdio.h>
#include <stdlib.h>
int square(int x) { return x * x; }
int main(int argc, char** argv) {
  (void)argv;
  printf("%d\\n", square(argc + 6));
  return argc > 1 ? (int)(long)malloc(10) & 0 : 0;
}
"""

    def setUp(self):
        super().setUp()
        self.write("x.c", self.PROGRAM)

    def test_gcc(self):
        self.assertEqual(self.shell("gcc -Wall -O1 -g -o x x.c && ./x"), "49\n")

    def test_address_sanitizer(self):
        self.assertEqual(self.shell("gcc -fsanitize=address -o x x.c && ASAN_OPTIONS=detect_leaks=0 ./x"), "49\n")

    def test_gdb_with_address_space_randomisation_off(self):
        snugtest.need_program("gdb")
        script = ("gcc -g -O0 -o x x.c; gdb -q -batch -ex 'set startup-with-shell off' -ex 'break square' -ex run -ex bt -ex 'print x' "
                  "-ex 'show disable-randomization' -ex 'info symbol main' -ex continue ./x 2>&1")
        output = self.shell(script, timeout=120)
        self.assertIn("#0  square (x=7)", output)
        self.assertIn("$1 = 7", output)
        self.assertIn("is on", output)
        self.assertNotIn("Error disabling address space randomization", output)
        self.assertIn("exited normally", output)

    def test_gdb_attaches_to_a_sibling(self):
        snugtest.need_program("gdb")
        output = self.shell("sleep 60 & gdb -q -batch -p $! -ex 'info proc' 2>&1; kill %1 || kill $!", timeout=120)
        self.assertIn("sleep", output)
        self.assertNotIn("Operation not permitted", output)

    def test_strace(self):
        snugtest.need_program("strace")
        output = self.shell("gcc -o x x.c; strace -f -e trace=write ./x 2>&1")
        self.assertIn('write(1, "49\\n", 3', output)

    def test_valgrind(self):
        snugtest.need_program("valgrind")
        output = self.shell("gcc -g -o x x.c; valgrind --leak-check=full ./x leak 2>&1", timeout=120)
        self.assertIn("definitely lost: 10 bytes in 1 blocks", output)


class Toolchains(Case):
    """Tools that live under the home, found by PATH: bound read-only without being asked for."""

    def tool(self, path, text):
        self.write(os.path.join(HOME, path), "#!/bin/sh\n" + text, 0o755)
        self.addCleanup(shutil.rmtree, os.path.join(HOME, path.split("/")[0]), ignore_errors=True)

    def run_with_path(self, folder, *command, **more):
        env = {"PATH": os.path.join(HOME, folder) + ":" + os.environ["PATH"], **more.pop("env", {})}
        return self.inside(*command, env=env, **more)

    def test_rustup_and_cargo(self):
        toolchain = ".rustup/toolchains/stable-x86_64-unknown-linux-gnu"
        self.tool(".cargo/bin/rustup", f'exec "$HOME/{toolchain}/bin/$(basename "$0")" "$@"\n')
        os.symlink("rustup", os.path.join(HOME, ".cargo/bin/rustc"))
        self.tool(f"{toolchain}/bin/rustc", "echo rustc 1.99.0\n")
        self.write(os.path.join(HOME, ".rustup/settings.toml"), 'version = "12"\n')
        self.write(os.path.join(HOME, ".cargo/credentials.toml"), "token = 'secret'\n")
        result = self.run_with_path(".cargo/bin", "rustc", "--version")
        self.assertEqual(result.stdout, b"rustc 1.99.0\n", self.story(result))
        leak = self.run_with_path(".cargo/bin", "cat", os.path.join(HOME, ".cargo/credentials.toml"))
        self.assertNotEqual(leak.returncode, 0)
        written = self.run_with_path(".cargo/bin", "sh", "-c", "echo evil > ~/.cargo/bin/rustc")
        self.assertNotEqual(written.returncode, 0)

    def test_nvm(self):
        version = ".nvm/versions/node/v20.11.0"
        self.tool(f"{version}/bin/node", "echo v20.11.0\n")
        self.write(os.path.join(HOME, version, "lib/node_modules/npm/package.json"), "{}")
        env = {"NVM_DIR": os.path.join(HOME, ".nvm"), "NVM_BIN": os.path.join(HOME, version, "bin")}
        result = self.run_with_path(f"{version}/bin", "node", "--version", env=env)
        self.assertEqual(result.stdout, b"v20.11.0\n", self.story(result))

    def test_tokens_within_a_toolchain_are_hidden(self):
        version = ".nvm/versions/node/v20.12.0"
        self.tool(f"{version}/bin/node", "echo v20.12.0\n")
        tokens = self.write(os.path.join(HOME, version, "etc/npmrc"), "//registry.example.com/:_authToken=secret\n")
        result = self.run_with_path(f"{version}/bin", "sh", "-c", f"node --version; cat {tokens}")
        self.assertNotEqual(result.returncode, 0)
        self.assertEqual(result.stdout, b"v20.12.0\n", self.story(result))
        self.assertIn(b"Permission denied", result.stderr)

    def test_none_leaves_them_out(self):
        version = ".nvm/versions/node/v20.11.0"
        self.tool(f"{version}/bin/only-there", "echo ran\n")
        result = self.run_with_path(f"{version}/bin", "only-there", profile='toolchains = "none"\n')
        self.assert_status(result, 127)


if __name__ == "__main__":
    snugtest.main()
