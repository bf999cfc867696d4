"""snug hook in the real shells: names a project's sandbox once, never for one that needs approval, never inside."""
import os

import snugtest
from snugtest import HOME, SNUG, need_program

OFFER = r"snug: \S+ has a sandbox; swap this shell for it: snug-enter"


class Hook(snugtest.Case):
    def setUp(self):
        super().setUp()
        self.write("snug.toml", 'version = 1\nhostname = "inside"\n')
        self.asking = self.folder("asking")
        self.write(os.path.join(self.asking, "snug.toml"), 'version = 1\n[network]\nmode = "host"\n')
        os.mkdir(os.path.join(self.project, "sub"))

    def shell(self, name, container=None):
        need_program(name)
        env = {**os.environ, "PATH": os.path.dirname(SNUG) + ":/usr/bin:/bin", "TERM": "dumb", "HISTFILE": "",
               "SHELL": "/bin/sh", "PS1": "$ "}
        if container:
            env["container"] = container
        folder = self.folder("config")
        if name == "bash":
            rc = self.write(os.path.join(folder, "rc"), "PS1='> '\nbind 'set enable-bracketed-paste off'\n"
                            'eval "$(snug hook bash)"\neval "$(snug hook bash)"\n')
            words = ["/bin/bash", "--noprofile", "--rcfile", rc, "-i"]
        elif name == "zsh":
            self.write(os.path.join(folder, ".zshrc"), "PS1='> '\nunsetopt zle_bracketed_paste prompt_cr prompt_sp\n"
                       'eval "$(snug hook zsh)"\n')
            env["ZDOTDIR"] = folder
            words = ["/usr/bin/zsh", "-i"]
        else:
            words = ["/usr/bin/fish", "--no-config", "-i", "-C", "snug hook fish | source; function fish_prompt; echo '> '; end"]
        terminal = snugtest.Terminal(words, HOME, env, columns=400)
        self.addCleanup(terminal.close)
        return terminal

    def told(self, terminal, command):
        """What is printed between the command's own end and the end of the next one."""
        terminal.line(command)
        terminal.line("echo mark'e'd")
        return terminal.expect(r"(?s)^(.*?)marked").group(1).decode()

    def check(self, name):
        terminal = self.shell(name)
        self.assertNotRegex(self.told(terminal, "true"), OFFER)
        self.assertRegex(self.told(terminal, f"cd {self.project}"), OFFER)
        self.assertNotRegex(self.told(terminal, "cd sub"), OFFER)
        self.assertNotRegex(self.told(terminal, f"cd {HOME}"), OFFER)
        self.assertNotRegex(self.told(terminal, f"cd {self.project}"), OFFER)
        self.assertNotRegex(self.told(terminal, f"cd {self.asking}"), OFFER)  # needs approval
        terminal.line(f"cd {self.project}; false")
        terminal.line("echo code=" + ("$status" if name == "fish" else "$?") + "=")  # is left as it was
        terminal.expect("code=1=")
        terminal.line("snug-enter")
        terminal.line("echo name=$(cat /proc/sys/kernel/hostname)=")
        terminal.expect("name=inside=")
        terminal.line("exit 7")
        self.assertEqual(terminal.status(20), 7)
        inside = self.shell(name, container="snug")
        self.assertNotRegex(self.told(inside, f"cd {self.project}"), OFFER)

    def test_bash(self):
        self.check("bash")

    def test_zsh(self):
        self.check("zsh")

    def test_fish(self):
        self.check("fish")

    def test_another_shell_has_none(self):
        result = self.snug("hook", "tcsh")
        self.assert_status(result, 2)
        self.assertIn(b"bash, zsh, fish", result.stderr)
        self.assert_status(self.snug("hook"), 2)


snugtest.main()
