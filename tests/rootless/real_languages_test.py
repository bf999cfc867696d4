"""The shipped profiles for languages: the real tools do their real work under each, as an ordinary user, offline."""
import json
import os
import subprocess
import zipfile

import snugtest
from snugtest import Case, HOME


class Tools(Case):
    def under(self, profile, script, **more):
        """Runs a shell script under a shipped profile; it must succeed."""
        return self.shell(script, options=("-p", profile), timeout=240, **more)


class Node(Tools):
    def test_npm_ci_and_a_server_of_its_own(self):
        snugtest.need_program("npm")
        self.write("dep/package.json", json.dumps({"name": "dep", "version": "1.2.3", "main": "i.js", "bin": {"dep": "cli.js"}}))
        self.write("dep/i.js", "module.exports = 42;\n")
        self.write("dep/cli.js", "#!/usr/bin/env node\nconsole.log('cli', require('dep'));\n", mode=0o755)
        self.write("app/package.json", json.dumps({"name": "app", "version": "1.0.0", "dependencies": {"dep": "file:../dep-1.2.3.tgz"},
                                                   "scripts": {"start": "dep", "test": "node server.js"}}))
        self.write("app/server.js", "const http = require('http');\nconst s = http.createServer((q, r) => r.end('served ' + require('dep')));\n"
                   "s.listen(0, '127.0.0.1', () => http.get({host: '127.0.0.1', port: s.address().port}, (r) => r.on('data', (d) => {"
                   " console.log(String(d)); process.exit(0); })));\n")
        self.write(os.path.join(HOME, ".npmrc"), "//registry.npmjs.org/:_authToken=secret\n")
        self.addCleanup(os.unlink, os.path.join(HOME, ".npmrc"))
        output = self.under("node", "(cd dep && npm pack --silent --pack-destination ..) >/dev/null; cd app; "
                            "npm install --package-lock-only --silent --no-audit; rm -rf node_modules; npm ci --silent --no-audit --offline; "
                            "npm start --silent; npm test --silent; cat ~/.npmrc 2>/dev/null || echo no tokens")
        self.assertEqual(output.splitlines(), ["cli 42", "served 42", "no tokens"])


class Python(Tools):
    def wheel(self, name, version):
        """A wheel made by hand, with a module and a command."""
        path = os.path.join(self.project, "wheels", f"{name}-{version}-py3-none-any.whl")
        os.makedirs(os.path.dirname(path))
        info = f"{name}-{version}.dist-info"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(f"{name}.py", "def main():\n    print('from the wheel')\n")
            archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
            archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            archive.writestr(f"{info}/entry_points.txt", f"[console_scripts]\n{name} = {name}:main\n")
            archive.writestr(f"{info}/RECORD", "")

    def test_a_virtual_environment_with_a_package(self):
        self.wheel("dep", "1.0")
        self.write("test_dep.py", "import unittest, dep\nclass T(unittest.TestCase):\n    def test(self):\n        dep.main()\n")
        output = self.under("python", "/usr/bin/python3 -m venv .venv; .venv/bin/pip install -q --no-index --find-links wheels dep; "
                            ".venv/bin/dep; .venv/bin/python -m unittest -v test_dep 2>&1; .venv/bin/pip list --format=freeze")
        self.assertEqual(output.count("from the wheel"), 2)
        self.assertIn("OK", output)
        self.assertIn("dep==1.0", output)


class Rust(Tools):
    def test_cargo_builds_and_tests_a_workspace(self):
        snugtest.need_program("cargo")
        self.write("Cargo.toml", '[package]\nname = "app"\nversion = "0.1.0"\nedition = "2021"\n[dependencies]\ndep = { path = "dep" }\n')
        self.write("build.rs", 'fn main() { println!("cargo:rustc-env=MADE={}", std::env::consts::OS); }\n')
        self.write("src/main.rs", 'fn main() { println!("{} {}", dep::answer(), env!("MADE")); }\n')
        self.write("dep/Cargo.toml", '[package]\nname = "dep"\nversion = "0.1.0"\nedition = "2021"\n')
        self.write("dep/src/lib.rs", "pub fn answer() -> i32 { 42 }\n#[test]\nfn is_42() { assert_eq!(answer(), 42); }\n")
        self.write(os.path.join(HOME, ".cargo/credentials.toml"), "token = 'secret'\n")
        output = self.under("rust", "cargo build --offline -q; ./target/debug/app; cargo test --offline -q -p dep 2>&1; "
                            "cat ~/.cargo/credentials.toml 2>/dev/null || echo no token")
        self.assertIn("42 linux", output)
        self.assertIn("1 passed", output)
        self.assertTrue(output.endswith("no token\n"))


class Go(Tools):
    def test_go_builds_and_tests_modules(self):
        snugtest.need_program("go")
        self.write("go.mod", "module example.com/app\n\ngo 1.19\n\nrequire example.com/dep v0.0.0\n\nreplace example.com/dep => ./dep\n")
        self.write("main.go", 'package main\n\nimport (\n\t"fmt"\n\n\t"example.com/dep"\n)\n\nfunc main() { fmt.Println(dep.Answer()) }\n')
        self.write("dep/go.mod", "module example.com/dep\n\ngo 1.19\n")
        self.write("dep/dep.go", "package dep\n\nfunc Answer() int { return 42 }\n")
        self.write("main_test.go", 'package main\n\nimport (\n\t"testing"\n\n\t"example.com/dep"\n)\n\n'
                   'func TestAnswer(t *testing.T) {\n\tif dep.Answer() != 42 {\n\t\tt.Fatal("wrong")\n\t}\n}\n')
        output = self.under("go", "go build -o app .; ./app; go vet ./...; go test ./...", env={"GOFLAGS": "-mod=mod", "GOPROXY": "off"})
        self.assertEqual(output.splitlines()[0], "42")
        self.assertRegex(output, r"ok\s+example\.com/app")


class Java(Tools):
    def test_compile_pack_and_run(self):
        snugtest.need_program("javac")
        self.write("src/app/Main.java", "package app;\npublic class Main {\n  public static void main(String[] a) throws Exception {\n"
                   "    var s = new java.net.ServerSocket(0, 1, java.net.InetAddress.getLoopbackAddress());\n"
                   "    var c = new java.net.Socket(s.getInetAddress(), s.getLocalPort());\n"
                   "    System.out.println(java.util.stream.IntStream.of(40, 2).parallel().sum() + \" \" + c.isConnected() + \" \" +\n"
                   "        System.getProperty(\"user.home\"));\n  }\n}\n")
        output = self.under("java", "javac -d classes src/app/Main.java; jar --create --file app.jar --main-class app.Main -C classes .; java -jar app.jar")
        self.assertEqual(output, f"42 true {HOME}\n")


class Cpp(Tools):
    def test_cmake_ninja_and_ctest(self):
        for program in ("cmake", "ninja", "g++"):
            snugtest.need_program(program)
        self.write("CMakeLists.txt", "cmake_minimum_required(VERSION 3.18)\nproject(app CXX)\nfind_package(Threads REQUIRED)\n"
                   "add_library(answer SHARED answer.cpp)\nadd_executable(app main.cpp)\n"
                   "target_link_libraries(app answer Threads::Threads)\nenable_testing()\nadd_test(NAME app COMMAND app)\n")
        self.write("answer.cpp", "int answer() { return 42; }\n")
        self.write("main.cpp", "#include <iostream>\n#include <thread>\nint answer();\n"
                   "int main() { std::thread([] { std::cout << answer() << std::endl; }).join(); }\n")
        output = self.under("cpp", "cmake -S . -B build -G Ninja >/dev/null; cmake --build build >/dev/null; ./build/app; "
                            "cd build; ctest -V | tail -n 4", env={"CXXFLAGS": "-O1"})
        self.assertEqual(output.splitlines()[0], "42")
        self.assertIn("100% tests passed", output)


class OfflineBuild(Tools):
    MODULE = {"go.mod": "module example.com/dep\n\ngo 1.19\n", "dep.go": "package dep\n\nfunc Answer() int { return 42 }\n"}

    def fetch_module(self):
        """Fetches a Go module on the host from a proxy made of files: the host's cache has it then."""
        proxy = self.folder("proxy")
        versions = os.path.join(proxy, "example.com/dep/@v")
        self.write(os.path.join(versions, "list"), "v1.0.0\n")
        self.write(os.path.join(versions, "v1.0.0.info"), '{"Version": "v1.0.0"}')
        self.write(os.path.join(versions, "v1.0.0.mod"), self.MODULE["go.mod"])
        with zipfile.ZipFile(os.path.join(versions, "v1.0.0.zip"), "w") as archive:
            for name, text in self.MODULE.items():
                archive.writestr(f"example.com/dep@v1.0.0/{name}", text)
        env = self.environment({"GOPROXY": f"file://{proxy}", "GOFLAGS": "-mod=mod -modcacherw", "GOSUMDB": "off"})
        subprocess.run(["go", "mod", "download", "example.com/dep@v1.0.0"], cwd=self.project, env=env, check=True, capture_output=True, timeout=120)

    def test_a_build_finds_what_the_host_has_fetched_and_leaves_it_alone(self):
        snugtest.need_program("go")
        self.write("go.mod", "module example.com/app\n\ngo 1.19\n\nrequire example.com/dep v1.0.0\n")
        self.write("main.go", 'package main\n\nimport "example.com/dep"\n\nfunc main() { println(dep.Answer()) }\n')
        self.fetch_module()
        cache = os.path.join(HOME, "go/pkg/mod")
        before = sorted(os.path.join(d, f) for d, _, files in os.walk(cache) for f in files)
        self.write(os.path.join(HOME, ".cargo/credentials.toml"), "token = 'secret'\n")
        self.write(os.path.join(HOME, ".cargo/registry/index"), "warm\n")
        output = self.under("offline-build", "go build -mod=mod -o app . 2>&1; ./app 2>&1; cat ~/.cargo/registry/index; ls -A ~/.cargo; "
                            "echo evil > ~/go/pkg/mod/example.com/evil; echo evil > ~/.cargo/registry/index; echo $CARGO_NET_OFFLINE")
        self.assertEqual(output.splitlines(), ["42", "warm", "registry", "true"])
        self.assertEqual(before, sorted(os.path.join(d, f) for d, _, files in os.walk(cache) for f in files))
        with open(os.path.join(HOME, ".cargo/registry/index")) as file:
            self.assertEqual(file.read(), "warm\n")

    def test_what_is_not_there_fails_at_once(self):
        snugtest.need_program("go")
        self.write("go.mod", "module example.com/app\n\ngo 1.19\n\nrequire example.com/absent v1.0.0\n")
        self.write("main.go", 'package main\n\nimport "example.com/absent"\n\nfunc main() { absent.X() }\n')
        result = self.inside("go", "build", "-mod=mod", ".", options=("-p", "offline-build"), timeout=60)
        self.assertNotEqual(result.returncode, 0)
        self.assertIn(b"GOPROXY=off", result.stderr)


if __name__ == "__main__":
    snugtest.main()
