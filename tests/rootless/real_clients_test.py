"""Programs that fetch by other ways than HTTP libraries, each through a filtered network by name: ssh, git over ssh, apt, dig, java."""
import hashlib
import json
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import networks

networks.enter()
import snugtest
import sshtest
from networks import WEB

net = None


def setUpModule():
    global net
    net = networks.set_up()
    net.say({**networks.NAMES, "deb.test": [WEB], "git.test": ["127.0.0.1"]})


class Clients(snugtest.Case):
    def text(self, allow, more=""):
        return more + '[network]\nmode = "filtered"\nallow = %s\n' % json.dumps(list(allow))

    def under(self, allow, *command, more="", **rest):
        return self.inside(*command, profile=self.text(allow, more), timeout=180, **rest)


class Ssh(Clients):
    def setUp(self):
        super().setUp()
        snugtest.need_program("ssh")
        self.key = sshtest.make_key(self, self.folder("key"))
        self.store = self.folder("store")
        self.server = sshtest.Server(self, sshtest.public_half(self.key), self.store)
        known = self.write("known_hosts", self.server.known_host)
        self.ssh = (f"ssh -o IdentitiesOnly=yes -o UserKnownHostsFile={known} -o HostKeyAlias=[127.0.0.1]:{self.server.port} "
                    f"-i {self.key} -p {self.server.port}")
        self.rules = [f"git.test:{self.server.port}", f"127.0.0.1:{self.server.port}"]
        self.more = f'[filesystem]\nread = ["{self.key}"]\n'

    def test_a_command_and_much_data(self):
        result = self.under(self.rules, "sh", "-c", f"{self.ssh} {self.server.user}@git.test 'head -c 8388608 /dev/zero' | wc -c; "
                            f"head -c 1000000 /dev/zero | {self.ssh} {self.server.user}@git.test 'wc -c'", more=self.more)
        self.assertEqual(result.stdout.split(), [b"8388608", b"1000000"], self.story(result))

    def test_not_without_the_rule(self):
        result = self.under(["web.test"], "sh", "-c", f"{self.ssh} {self.server.user}@git.test true", more=self.more)
        self.assert_status(result, 255)
        self.assertIn(b"blocked git.test", result.stderr)

    def test_git_over_ssh(self):
        snugtest.need_program("git")
        repository = os.path.join(self.store, "app.git")
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", repository], check=True)
        script = (f"export GIT_SSH_COMMAND='{self.ssh}'; url={self.server.user}@git.test:{repository}; git clone -q $url work 2>&1; cd work; "
                  "echo hello > file; git add file; git -c user.name=a -c user.email=a@b commit -qm first; git push -q origin HEAD:main 2>&1; "
                  "cd ..; git clone -q $url again; cat again/file")
        result = self.under(self.rules, "sh", "-euc", script, more=self.more)
        self.assertTrue(result.stdout.endswith(b"hello\n"), self.story(result))


class Apt(Clients):
    def test_its_http_method_updates_and_downloads(self):
        """A repository of one package. apt asks for _http._tcp.deb.test first, which is nobody's business."""
        for program in ("apt-get", "dpkg-deb"):
            snugtest.need_program(program)
        build = self.folder("package")
        self.write(os.path.join(build, "DEBIAN/control"), "Package: dep\nVersion: 1.0\nArchitecture: all\nMaintainer: t <t@t.test>\nDescription: t\n")
        site = os.path.join(net.folder, "sites/deb.test")
        os.makedirs(site, exist_ok=True)
        package = os.path.join(site, "dep_1.0_all.deb")
        subprocess.run(["dpkg-deb", "-b", "--root-owner-group", build, package], check=True, capture_output=True)
        with open(package, "rb") as file:
            content = file.read()
        packages = (f"Package: dep\nVersion: 1.0\nArchitecture: all\nMaintainer: t <t@t.test>\nDescription: t\nFilename: ./dep_1.0_all.deb\n"
                    f"Size: {len(content)}\nSHA256: {hashlib.sha256(content).hexdigest()}\n\n").encode()
        self.write(os.path.join(site, "Packages"), packages)
        self.write(os.path.join(site, "Release"), f"Date: Sun, 22 Nov 2026 00:00:00 UTC\nSHA256:\n {hashlib.sha256(packages).hexdigest()} {len(packages)} Packages\n")
        self.write("etc/sources.list", "deb [trusted=yes] http://deb.test ./\n")
        for folder in ("lists/partial", "cache/archives/partial", "etc/parts", "etc/sources.d", "etc/prefs", "etc/trust"):
            os.makedirs(os.path.join(self.project, folder))
        self.write("status", "")
        options = " ".join(f"-o {name}={value}" for name, value in {
            "Dir::Etc": "$PWD/etc", "Dir::Etc::SourceList": "$PWD/etc/sources.list", "Dir::Etc::SourceParts": "$PWD/etc/sources.d",
            "Dir::Etc::Parts": "$PWD/etc/parts", "Dir::Etc::PreferencesParts": "$PWD/etc/prefs", "Dir::State::Lists": "$PWD/lists", "Dir::State::status": "$PWD/status",
            "Dir::Etc::TrustedParts": "$PWD/etc/trust", "Dir::Cache": "$PWD/cache", "Dir::Log": "$PWD", "Debug::NoLocking": "1", "Acquire::Retries": "0",
            "APT::Sandbox::User": "", "Acquire::Check-Valid-Until": "0", "Acquire::Check-Date": "0"}.items())
        script = f"apt-get -q {options} update; apt-get -q {options} download dep; dpkg-deb -f dep_1.0_all.deb Package"
        result = self.under(["deb.test"], "sh", "-euc", script)
        self.assert_status(result, 0)
        self.assertTrue(result.stdout.endswith(b"\ndep\n"), self.story(result))
        self.assertNotIn(b"blocked", result.stderr)
        shutil.rmtree(os.path.join(self.project, "lists"))
        os.makedirs(os.path.join(self.project, "lists/partial"))
        refused = self.under(["web.test"], "sh", "-euc", f"apt-get -q {options} -o APT::Update::Error-Mode=any update")
        self.assertNotEqual(refused.returncode, 0, self.story(refused))
        self.assertIn(b"blocked deb.test", refused.stderr)


class Dig(Clients):
    def test_names_answers_and_other_servers(self):
        snugtest.need_program("dig")
        result = self.under(["web.test"], "sh", "-c", "dig +short web.test; dig +short +tcp web.test; dig +short AAAA web.test; "
                            "dig other.test | grep -o 'status: [A-Z]*'; dig +short +tries=1 +time=2 @8.8.8.8 web.test | grep -c '^[0-9]'; "
                            "dig +short +tcp +tries=1 +time=2 @93.184.0.1 web.test | grep -c '^[0-9]'; dig -x 198.18.1.0 | grep -o 'status: [A-Z]*'")
        lines = result.stdout.decode().split("\n")
        self.assertRegex(lines[0], r"^198\.18\.\d+\.\d+$", self.story(result))
        self.assertEqual(lines[1:7], [lines[0], "status: NXDOMAIN", "0", "0", "status: NXDOMAIN", ""], self.story(result))


class Java(Clients):
    PROGRAM = r"""
import java.io.*; import java.net.*; import java.net.http.*; import java.nio.channels.SocketChannel;
public class Main {
  static void ends(String what, java.util.concurrent.Callable<?> call) {
    try { System.out.println(what + " " + call.call()); }
    catch (Exception e) { Throwable t = e; while (t.getCause() != null) t = t.getCause(); System.out.println(what + " " + e.getClass().getSimpleName()); }
  }
  public static void main(String[] words) throws Exception {
    ends("url", () -> ((HttpURLConnection) new URL("http://web.test/").openConnection()).getResponseCode());
    ends("client", () -> HttpClient.newHttpClient().send(HttpRequest.newBuilder(URI.create("http://web.test/")).build(), HttpResponse.BodyHandlers.ofString()).statusCode());
    ends("channel", () -> SocketChannel.open(new InetSocketAddress("web.test", 80)).isConnected());
    ends("name", () -> new Socket("other.test", 80).isConnected());
    ends("port", () -> new Socket("web.test", 87).isConnected());
  }
}
"""

    def test_its_clients(self):
        snugtest.need_program("java")
        snugtest.need_program("javac")
        self.write("Main.java", self.PROGRAM)
        result = self.under(["web.test"], "sh", "-euc", "javac Main.java; java -cp . Main")
        self.assertEqual(result.stdout.decode().splitlines(), ["url 200", "client 200", "channel true", "name UnknownHostException", "port ConnectException"],
                         self.story(result))


if __name__ == "__main__":
    snugtest.main()
