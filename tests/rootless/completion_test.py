"""share/completions in the real shells: what Tab would insert, for bash with and without its package, zsh and fish."""
import os
import re
import subprocess

import snugtest
from snugtest import SNUG, STAGE, need_program

FOLDER = os.path.join(STAGE, "share/completions")

# A line as typed, and words that must and must not be among what fits at its end.
LINES = [
    ("snug r", ["run"], ["plan"]),
    ("snug run --ne", ["--net"], ["--read"]),
    ("snug run --net ", ["none", "filtered", "host"], ["--net"]),
    ("snug run --net=h", ["--net=host"], ["--net=none"]),
    ("snug --set network.mode=h", ["network.mode=host"], []),
    ("snug run -p n", ["notes.toml"], ["default"]),
    ("snug run -p d", ["default", "data"], ["notes.toml"]),
    ("snug --read no", ["notes.toml"], ["data"]),
    ("snug --read=no", ["--read=notes.toml"], []),
    ("snug --workdir ", ["data"], ["notes.toml"]),
    ("snug help ch", ["check"], ["help"]),
    ("snug check n", ["notes.toml"], []),
    ("snug run --net host ca", ["cat"], ["--net"]),
    ("snug run cat no", ["notes.toml"], []),
    ("snug plan -- cat da", ["data"], []),
    ("snug --env XTES", ["XTEST_VARIABLE="], []),
    ("snug kill ", ["dance"], ["data", "run"]),
    ("snug ps da", ["dance"], ["data"]),
    ("snug kill -s TERM da", ["dance"], ["data"]),
]


class Completion(snugtest.Case):
    def setUp(self):
        super().setUp()
        self.write("notes.toml", "version = 1\n")
        os.mkdir(os.path.join(self.project, "data"))
        # What is completed is the name on PATH, never a ./snug of the project.
        evil = self.write("snug", "#!/bin/sh\ntouch ran\n", 0o755)
        self.addCleanup(lambda: self.assertFalse(os.path.exists(evil.replace("snug", "ran"))))
        self.env = {**os.environ, "PATH": os.path.dirname(SNUG) + ":/usr/bin:/bin", "XTEST_VARIABLE": "1",
                    "HISTFILE": "", "TERM": "dumb", "PS1": "ready> "}
        self.start("sleep", "60", options=("--name", "dance"))
        self.wait_until(lambda: b"dance" in self.snug("ps").stdout, "a running sandbox")

    def check(self, complete):
        for line, wanted, unwanted in LINES:
            with self.subTest(line):
                found = complete(line)
                self.assertEqual([word for word in wanted if word not in found], [], found)
                self.assertEqual([word for word in unwanted if word in found], [], found)

    def inserted_by(self, terminal, key):
        """A function that types a line, presses `key`, which inserts all that fits, and prints the line's words."""
        def complete(line):
            terminal.send(line + key)
            # A line that begins with ':' does nothing but show what its words became.
            terminal.send("\x01printf '<%s>' begin \x05 end\r")
            shown = terminal.expect(r"<begin>((?:.|\n)*?)<end>").group(1).decode()
            words = re.findall(r"<([^>]*)>", shown.replace("\r", "").replace("\n", ""))
            return [word.rstrip("/") for word in words[len(line.split(" ")) - 1:] if word]
        return complete

    def bash(self, *rc):
        need_program("bash")
        rcfile = self.write("rc", "\n".join(["PS1='ready> '", "bind 'set page-completions off'", *rc,
                                              "bind '\"\\C-x\": insert-completions'",
                                              "bind 'set enable-bracketed-paste off'"]) + "\n")
        terminal = snugtest.Terminal(["/bin/bash", "--noprofile", "--rcfile", rcfile, "-i"], self.project, self.env,
                                     columns=2000)
        self.addCleanup(terminal.close)
        terminal.expect("ready> ")
        return self.inserted_by(terminal, "\x18")

    def test_bash(self):
        self.check(self.bash(f". {FOLDER}/snug.bash"))

    def test_bash_with_its_package(self):
        package = "/usr/share/bash-completion/bash_completion"
        snugtest.need(os.path.exists(package), "the package bash-completion")
        self.check(self.bash(f". {package}", f". {FOLDER}/snug.bash"))

    def test_zsh(self):
        need_program("zsh")
        functions = os.path.join(self.project, ".functions")
        os.mkdir(functions)
        os.symlink(f"{FOLDER}/snug.zsh", f"{functions}/_snug")
        self.write(".zsh/.zshrc", f"""
PS1='ready> '
unsetopt zle_bracketed_paste prompt_cr prompt_sp beep
fpath=({functions} $fpath)
autoload -Uz compinit && compinit -u -d {self.project}/.zsh/dump
zstyle ':completion:all-matches::::' completer _all_matches _complete
zstyle ':completion:*' insert true
zle -C all-matches complete-word _generic
bindkey -e
bindkey '^X' all-matches
""")
        env = {**self.env, "ZDOTDIR": os.path.join(self.project, ".zsh")}
        terminal = snugtest.Terminal(["/usr/bin/zsh", "-i"], self.project, env, columns=2000)
        self.addCleanup(terminal.close)
        terminal.expect("ready> ")
        self.check(self.inserted_by(terminal, "\x18"))

    def test_fish(self):
        need_program("fish")

        def complete(line):
            script = f"source {FOLDER}/snug.fish; complete -C {line!r}"
            result = subprocess.run(["fish", "--no-config", "-c", script], env=self.env, cwd=self.project,
                                    capture_output=True, text=True, timeout=30)
            self.assertEqual(result.stderr, "")
            return [shown.split("\t")[0].rstrip("/") for shown in result.stdout.splitlines()]

        self.check(complete)


snugtest.main()
