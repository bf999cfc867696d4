"""The shipped profile `git` with a real ssh server, a real agent and a repository behind them."""
import os
import shutil
import subprocess

import snugtest
import sshtest
from snugtest import Case, HOME


class GitOverSsh(Case):
    @classmethod
    def files_of_home(cls):
        return [".ssh", ".gitconfig", ".git-credentials", ".config/git"]

    def setUp(self):
        super().setUp()
        snugtest.need_program("git")
        self.agent, key = sshtest.start_agent(self)
        self.store = self.folder("store")
        self.repository = os.path.join(self.store, "app.git")
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", self.repository], check=True)
        self.server = sshtest.Server(self, sshtest.public_half(key), self.store)
        self.write(os.path.join(HOME, ".ssh/known_hosts"), self.server.known_host)
        self.write(os.path.join(HOME, ".ssh/id_ed25519"), "SECRET KEY\n", mode=0o600)
        self.write(os.path.join(HOME, ".gitconfig"), "[user]\n\tname = Ann\n\temail = ann@example.com\n")
        self.write(os.path.join(HOME, ".git-credentials"), "https://ann:SECRET@example.com\n")
        self.write(os.path.join(HOME, ".config/git/credentials"), "https://ann:SECRET@example.com\n")
        self.addCleanup(self.remove_from_home)

    def remove_from_home(self):
        for name in self.files_of_home():
            path = os.path.join(HOME, name)
            shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)

    def under(self, script, *options, agent=True):
        env = {"SSH_AUTH_SOCK": self.agent} if agent else {}
        return self.inside("sh", "-euc", script, options=("-p", "git", *options), env=env)

    def work(self):
        return (f"git clone -q {self.server.url(self.repository)} work 2>&1; cd work; echo hello > file; git add file; "
                "git commit -qm first; git push -q origin HEAD:main 2>&1; git fetch -q; git log --format='%an %s' origin/main")

    def test_clone_commit_push_fetch(self):
        result = self.under(self.work(), "--net", "host")
        self.assertEqual(result.returncode, 0, self.story(result))
        self.assertIn(b"Ann first\n", result.stdout)
        log = subprocess.run(["git", "-C", self.repository, "log", "--format=%ae", "main"], capture_output=True, check=True)
        self.assertEqual(log.stdout, b"ann@example.com\n")

    def test_not_without_network_and_not_without_the_agent(self):
        for options, agent in (((), True), (("--net", "host"), False), (("--net", "host", "--set", "network.ssh-agent=false"), True)):
            result = self.under(self.work(), *options, agent=agent)
            self.assertNotEqual(result.returncode, 0, self.story(result))
            shutil.rmtree(os.path.join(self.project, "work"), ignore_errors=True)
        refs = subprocess.run(["git", "-C", self.repository, "for-each-ref"], capture_output=True, check=True)
        self.assertEqual(refs.stdout, b"")

    def test_keys_and_stored_passwords_stay_outside(self):
        result = self.under("ls -A ~/.ssh; cat ~/.ssh/id_ed25519 ~/.git-credentials ~/.config/git/credentials 2>/dev/null || :; "
                            "echo evil >> ~/.ssh/known_hosts || echo read-only")
        self.assertEqual(result.stdout, b"known_hosts\nread-only\n", self.story(result))

    # As the forges publish them: docs.github.com, docs.gitlab.com, docs.codeberg.org, support.atlassian.com.
    FORGES = {"github.com": "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU",
              "gitlab.com": "SHA256:eUXGGm1YGsMAS7vkcx6JOJdOGHPem5gQp4taiCfCLB8",
              "codeberg.org": "SHA256:mIlxA9k46MmM6qdJOdMnAQpzGxF4WIVVL+fj+wZbw0g",
              "bitbucket.org": "SHA256:ybgmFkzwOSotHTHLJgHO0QN8L0xErw6vd0VhFA9m3SM"}

    def test_forges_are_known_by_their_keys(self):
        result = self.under("ssh-keygen -lf /etc/ssh/ssh_known_hosts2; ssh -G github.com | grep globalknownhostsfile")
        lines = result.stdout.decode().splitlines()
        self.assertEqual({line.split()[2]: line.split()[1] for line in lines[:-1]}, self.FORGES, self.story(result))
        self.assertIn("/etc/ssh/ssh_known_hosts2", lines[-1])

    def test_somebody_else_under_a_forges_name_is_not_talked_to(self):
        for forge in self.FORGES:
            result = self.under(f"ssh -o HostKeyAlias={forge} -o HostKeyAlgorithms=ssh-ed25519 -p {self.server.port} {self.server.user}@127.0.0.1 echo in",
                                "--net", "host")
            self.assertNotEqual(result.returncode, 0)
            self.assertIn(b"REMOTE HOST IDENTIFICATION HAS CHANGED", result.stderr, self.story(result))

    def test_the_server_is_a_real_one_that_refuses_others(self):
        stranger = sshtest.make_key(self, self.folder("stranger"))
        profile = (f'[filesystem]\nread = ["{stranger}", "~/.ssh/known_hosts"]\n[network]\nmode = "host"\n')
        result = self.inside("ssh", "-o", "IdentitiesOnly=yes", "-i", stranger, "-p", str(self.server.port),
                             f"{self.server.user}@127.0.0.1", "true", profile=profile)
        self.assertIn(b"Permission denied", result.stderr)


if __name__ == "__main__":
    snugtest.main()
