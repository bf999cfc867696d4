"""The shipped profiles `agent`, `web-service` and `strict`: everyday work done, and what it must not reach tried."""
import json
import os
import shutil
import subprocess
import threading
import urllib.request

import snugtest
import sshtest
from snugtest import Case, HOME

# What a coding agent does: reads, edits, runs tests, commits. And what one that was talked into it would try.
AGENT = r"""
import json, os, socket, subprocess, sys
home, other = os.path.expanduser("~"), sys.argv[1]
found = {}

def attempt(name, act):
    try:
        found[name] = act() is not False
    except (OSError, subprocess.CalledProcessError):
        found[name] = False

def read(path):
    with open(path) as file:
        return "SECRET" in file.read()

def write(path):
    with open(path, "a") as file:
        file.write("evil\n")

def connect(*address):
    socket.create_connection(address, timeout=3).close()

with open("app.py") as file:
    text = file.read()
with open("app.py", "w") as file:
    file.write(text.replace("41", "42"))
attempt("tests pass", lambda: subprocess.run(["/usr/bin/python3", "-m", "unittest", "-q", "test_app"], check=True, stderr=subprocess.DEVNULL))
attempt("commit", lambda: subprocess.run(["git", "commit", "-qam", "mend the answer"], check=True))

for path in (".ssh/id_ed25519", ".aws/credentials", ".netrc", ".bash_history", ".config/gh/hosts.yml"):
    attempt("read ~/" + path, lambda: read(os.path.join(home, path)))
attempt("read another project", lambda: read(os.path.join(other, "secret.txt")))
attempt("write another project", lambda: write(os.path.join(other, "made")))
for path in (".env", ".env.local"):
    attempt("read " + path, lambda: read(path))
for path in (".envrc", ".vscode/tasks.json", ".github/workflows/ci.yml", ".git/config", ".git/hooks/pre-commit", os.path.join(home, ".gitconfig")):
    attempt("write " + path.replace(home, "~"), lambda: write(path))
attempt("move .vscode away", lambda: os.rename(".vscode", "moved"))
attempt("remove .envrc", lambda: os.unlink(".envrc"))
attempt("connect", lambda: connect("127.0.0.1", int(sys.argv[2])))
attempt("agent socket", lambda: bool(os.environ.get("SSH_AUTH_SOCK")))
attempt("key in a variable", lambda: "AWS_SECRET_ACCESS_KEY" in os.environ)
print(json.dumps(found))
"""


class Agent(Case):
    def make_project(self):
        self.write("app.py", "def answer():\n    return 41\n")
        self.write("test_app.py", "import unittest, app\nclass T(unittest.TestCase):\n    def test(self):\n        self.assertEqual(app.answer(), 42)\n")
        self.write(".gitignore", "probe\n__pycache__\n.env*\nagent.py\n")
        for path in (".env", ".env.local"):
            self.write(path, "TOKEN=SECRET\n")
        for path in (".envrc", ".vscode/tasks.json", ".github/workflows/ci.yml"):
            self.write(path, "# good\n")
        self.write("agent.py", AGENT)
        subprocess.run("git init -q -b main . && git add -A && git -c user.name=T -c user.email=t@example.com commit -qm first",
                       shell=True, check=True, cwd=self.project)

    def make_home(self):
        for path in (".ssh/id_ed25519", ".aws/credentials", ".netrc", ".bash_history", ".config/gh/hosts.yml"):
            self.write(os.path.join(HOME, path), "SECRET\n", mode=0o600)
            self.addCleanup(os.unlink, os.path.join(HOME, path))
        self.write(os.path.join(HOME, ".gitconfig"), "[user]\n\tname = Ann\n\temail = ann@example.com\n")
        self.addCleanup(os.unlink, os.path.join(HOME, ".gitconfig"))
        other = self.folder("other")
        self.write(os.path.join(other, "secret.txt"), "SECRET\n")
        return other

    def listen(self):
        import socket
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        return listener.getsockname()[1]

    def test_it_does_its_work_and_nothing_else(self):
        snugtest.need_program("git")
        self.make_project()
        other, port = self.make_home(), self.listen()
        words = ["/usr/bin/python3", "agent.py", other, str(port)]
        env = {"SSH_AUTH_SOCK": "/tmp/agent", "AWS_SECRET_ACCESS_KEY": "SECRET"}
        result = self.inside(*words, options=("-p", "agent"), env=env)
        self.assertEqual(result.returncode, 0, self.story(result))
        found = json.loads(result.stdout)
        self.assertEqual({name for name, done in found.items() if done}, {"tests pass", "commit"})
        log = subprocess.run(["git", "log", "--format=%an: %s"], cwd=self.project, capture_output=True, check=True)
        self.assertEqual(log.stdout, b"Ann: mend the answer\nT: first\n")
        status = subprocess.run(["git", "status", "--short"], cwd=self.project, capture_output=True, check=True)
        self.assertEqual(status.stdout, b"")
        for path in (".envrc", ".vscode/tasks.json", ".github/workflows/ci.yml"):
            with open(os.path.join(self.project, path)) as file:
                self.assertEqual(file.read(), "# good\n")

        # The control: outside, the same program reaches all of it.
        self.write("app.py", "def answer():\n    return 41 - 0\n")
        outside = subprocess.run(words, cwd=self.project, env=self.environment(env), capture_output=True, timeout=60)
        found = json.loads(outside.stdout)
        self.assertEqual({name for name, done in found.items() if not done}, set(), self.story(outside))

    def test_what_is_absent_is_said_nowhere(self):
        result = self.inside("true", options=("-p", "agent", "-v"))
        self.assertNotIn(b"absent", result.stderr)


class WebService(Case):
    SERVER = ("import http.server, sys\nclass H(http.server.BaseHTTPRequestHandler):\n    def do_GET(self):\n"
              "        self.send_response(200); self.end_headers(); self.wfile.write(b'served from inside')\n"
              "    def log_message(self, *a): pass\n"
              "http.server.ThreadingHTTPServer(('127.0.0.1', int(sys.argv[1])), H).serve_forever()\n")

    def fetch(self, port):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
                return answer.read()
        except OSError:
            return None

    def serve(self, *options):
        self.write("serve.py", self.SERVER)
        port = sshtest.free_port()
        return port, self.start("/usr/bin/python3", "serve.py", str(port), options=("-p", "web-service", *options))

    def test_it_answers_on_the_hosts_network(self):
        port, process = self.serve("--net", "host")
        self.wait_until(lambda: self.fetch(port) == b"served from inside" or process.poll() is not None, "the server answers")
        self.assertIsNone(process.poll())
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(self.fetch(port))) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(answers, [b"served from inside"] * 16)

    def test_without_it_only_inside(self):
        self.write("serve.py", self.SERVER)
        port = sshtest.free_port()
        client = ("import time, urllib.request\nfor i in range(200):\n    try:\n"
                  f"        print(urllib.request.urlopen('http://127.0.0.1:{port}/').read().decode()); break\n"
                  "    except OSError: time.sleep(0.02)\n")
        self.write("client.py", client)
        output = self.shell(f"/usr/bin/python3 serve.py {port} & /usr/bin/python3 client.py; kill $!", options=("-p", "web-service"))
        self.assertEqual(output, "served from inside\n")
        _, process = self.serve()
        self.wait_until(lambda: len(snugtest.children_of(process.pid)) >= 2, "the server runs")
        self.assertIsNone(self.fetch(port))


class Strict(Case):
    def test_it_reads_and_runs_and_nothing_stays(self):
        self.write("main.c", '#include <stdio.h>\nint main(void) { puts("ran"); }\n')
        snugtest.need_program("gcc")
        output = self.shell("gcc -o /tmp/x main.c; /tmp/x; echo x > made 2>/dev/null || echo read-only; echo y > ~/kept; cat ~/kept",
                            options=("-p", "strict"))
        self.assertEqual(output, "ran\nread-only\ny\n")
        output = self.shell("ls ~/kept 2>/dev/null || echo gone", options=("-p", "strict"))
        self.assertEqual(output, "gone\n")

    def test_no_debugger(self):
        snugtest.need_program("strace")
        self.assertEqual(self.inside("strace", "true").returncode, 0)
        self.assertNotEqual(self.inside("strace", "true", options=("-p", "strict")).returncode, 0)

    def test_no_toolchains_of_the_home(self):
        self.write(os.path.join(HOME, ".cargo/bin/tool"), "#!/bin/sh\necho ran\n", mode=0o755)
        self.addCleanup(shutil.rmtree, os.path.join(HOME, ".cargo"))
        path = {"PATH": os.path.join(HOME, ".cargo/bin") + ":/usr/bin:/bin"}
        self.assertEqual(self.inside("tool", env=path).stdout, b"ran\n")
        self.assert_status(self.inside("tool", env=path, options=("-p", "strict")), 127)


if __name__ == "__main__":
    snugtest.main()
