"""share/snug.schema.json against a real validator: it takes every shipped profile, refuses broken ones, and agrees with
snug itself about every key."""
import json
import os
import re
import tomllib

import snugtest
from snugtest import STAGE, need, quoted

try:
    import jsonschema
except ImportError:
    jsonschema = None

SCHEMA = os.path.join(STAGE, "share/snug.schema.json")
PROFILES = os.path.join(STAGE, "profiles")

# One mistake each.
BROKEN = [
    "", "version = 2", 'version = "1"', "versoin = 1", "version = 1\nversion-of = 2",
    "version = 1\n[filesytem]\n", "version = 1\n[filesystem]\nrad = []",
    'version = 1\n[filesystem]\nproject = "writeable"', 'version = 1\n[filesystem]\nread = "/opt"',
    'version = 1\n[filesystem]\nread = ["opt"]', 'version = 1\n[filesystem]\nread = ["/a/../b"]',
    'version = 1\n[filesystem]\nread = ["~bob/x"]', 'version = 1\n[filesystem]\nread = ["/a/*"]',
    'version = 1\n[filesystem]\nread = { replaces = [] }', 'version = 1\n[filesystem]\nhide = [""]',
    'version = 1\n[filesystem]\ntmpfs = [{ size = "1G" }]', 'version = 1\n[filesystem]\ntmpfs = ["/x?"]',
    'version = 1\n[filesystem]\ntmpfs = [{ path = "/x", size = "1GB" }]',
    'version = 1\n[[filesystem.mount]]\nsource = "/a"', 'version = 1\n[[filesystem.mount]]\ntype = "bind"',
    'version = 1\n[[filesystem.mount]]\ntype = "tmpfs"\nsource = "/a"\ntarget = "/b"',
    'version = 1\n[[filesystem.mount]]\ntype = "bind"\nsource = "a"',
    'version = 1\n[[filesystem.mount]]\ntype = "symlink"\nsource = ""\ntarget = "/b"',
    'version = 1\n[[filesystem.mount]]\ntype = "file"\nsource = "/a"\ncontent = "b"\ntarget = "/b"',
    'version = 1\n[[filesystem.mount]]\ntype = "file"\ncontent = "b"',
    'version = 1\n[network]\nmode = "all"', 'version = 1\n[network]\nallow = ["http://example.com/"]',
    'version = 1\n[network]\nallow = ["example.com:0"]', 'version = 1\n[network]\nallow = ["example.com:65536"]',
    'version = 1\n[network]\nallow = ["@pypi:80"]', 'version = 1\n[network]\nallow = ["-a.example"]',
    'version = 1\n[network]\npublish = ["80:"]', 'version = 1\n[network]\npublish = [8080]',
    'version = 1\n[network]\nhost-ports = ["5432"]', 'version = 1\n[network]\nhost-ports = [70000]',
    'version = 1\n[network]\nsockets = [{ i-know = "x" }]', 'version = 1\n[network]\nssh-agent = "yes"',
    'version = 1\n[environment]\npass = ["A=B"]', 'version = 1\n[environment]\npass = ["LD_PRELOAD"]',
    'version = 1\n[environment]\nset = { container = "x" }', 'version = 1\n[environment]\nset = { A = 1 }',
    'version = 1\n[environment]\nunset = ["SNUG_PROFILE"]', 'version = 1\n[seccomp]\ndeny = ["Ptrace"]',
    'version = 1\n[[seccomp.rule]]\nsyscall = "socket"\nargument = 6\nequals = 1\naction = "kill"',
    'version = 1\n[[seccomp.rule]]\nsyscall = "socket"\nargument = 0\naction = "kill"',
    'version = 1\n[[seccomp.rule]]\nsyscall = "socket"\nargument = 0\nequals = 1\nmasked = { mask = 1, equals = 1 }\n'
    'action = "kill"',
    'version = 1\n[[seccomp.rule]]\nsyscall = "socket"\nargument = 0\nmasked = { mask = 1 }\naction = "kill"',
    'version = 1\n[[seccomp.rule]]\nsyscall = "socket"\nargument = 0\nequals = 1\naction = "errno:perm"',
    'version = 1\n[limits]\nmemory = 0', 'version = 1\n[limits]\nmemory = "4 G"', 'version = 1\n[limits]\ncpus = 0',
    'version = 1\n[limits]\nprocesses = "many"', 'version = 1\n[limits]\ntimeout = 30',
    'version = 1\n[limits]\ntimeout = "0s"', 'version = 1\n[limits]\nrlimit = { files = 1 }',
    'version = 1\n[limits]\nrlimit = { nofile = "4K" }', 'version = 1\n[limits]\nrlimit = { cpu = "-1s" }',
    'version = 1\n[namespaces]\ntime = { realtime = "1s" }', 'version = 1\n[namespaces]\ntime = { monotonic = 3 }',
    'version = 1\n[changes]\non-success = "merge"', 'version = 1\nhostname = "-a"', 'version = 1\nhostname = "a_b"',
    "version = 1\nshell = []", 'version = 1\nshell = "bash"', 'version = 1\nuser = "nobody"', "version = 1\nuser = -1",
    'version = 1\nrequire = ["seccomp"]', 'version = 1\nnested = "true"', 'version = 1\nworkdir = "src"',
    'version = 1\nvars = { a = 1 }', 'version = 1\nextends = "node"',
]

# Tried as the value of every key.
VALUES = [
    "1", "0", "-1", "1.5", "70000", "true", "[]", "{}", '""', '"x"', '"none"', '"host"', '"read"', '"write"', '"keep"',
    '"4G"', '"30s"', '"-3d"', '"0s"', '"/a"', '"~/a"', '"./a"', '"a/b"', '"/a?"', '"/a/*"', '"/a/../b"', '"~bob"',
    '"0755"', '"ptrace"', '"AF_UNIX"', '"errno:EPERM"', '"example.com"', '"10.0.0.0/8:5432"', '"8080:80"', '"A=B"',
    '"TMPDIR"', '"container"', '"unlimited"', "1979-05-27", "[1]", "[true]", "[[]]", "[{}]", "{ a = 1 }", '{ a = "b" }',
]


LATER = re.compile("not in this version|does not enforce it yet|in this version yet")
# More than a schema knows: which profiles there are, which system calls and constants the kernel has.
NAMES = re.compile("unknown (system call|constant|error name)")


class Schema(snugtest.Case):
    def setUp(self):
        super().setUp()
        need(jsonschema, "python3-jsonschema")
        with open(SCHEMA) as file:
            self.schema = json.load(file)
        self.validator = jsonschema.Draft7Validator(self.schema)

    def takes(self, text):
        # Editors give a date to the validator as something that is no text.
        return self.validator.is_valid(json.loads(json.dumps(tomllib.loads(text), default=lambda date: None)))

    def mistakes(self, text):
        """(line, message) of all snug says, without what is only not done by this version."""
        file = self.write("checked.toml", text)
        answer = json.loads(self.snug("check", "--json", file).stdout)
        return [(m["line"], m["message"]) for m in answer["mistakes"] if not LATER.search(m["message"])]

    def test_is_a_schema(self):
        jsonschema.Draft7Validator.check_schema(self.schema)

    def test_takes_every_shipped_profile(self):
        names = [name for name in os.listdir(PROFILES) if name.endswith(".toml")]
        self.assertIn("default.toml", names)
        for name in names:
            with self.subTest(name), open(os.path.join(PROFILES, name)) as file:
                errors = [error.message for error in self.validator.iter_errors(tomllib.loads(file.read()))]
                self.assertEqual(errors, [])

    def test_takes_the_manuals_examples(self):
        with open(os.path.join(STAGE, "man/snug.toml.5.scd")) as file:
            blocks = re.findall(r"^```\n(.*?)^```", file.read(), re.M | re.S)
        profiles = [block for block in blocks if "version = 1" in block]
        self.assertTrue(profiles)
        for text in profiles:
            with self.subTest(text):
                self.assertEqual([error.message for error in self.validator.iter_errors(tomllib.loads(text))], [])

    def test_refuses_broken_profiles_as_snug_does(self):
        for text in BROKEN:
            with self.subTest(text):
                self.assertFalse(self.takes(text))
                self.assertNotEqual(self.mistakes(text), [])

    def keys(self, node=None, prefix=""):
        """Dotted keys that stand in plain tables; keys of tables in lists are tried through BROKEN."""
        for name, inner in (node or self.schema)["properties"].items():
            if "properties" in inner:
                yield from self.keys(inner, prefix + name + ".")
            else:
                yield prefix + name

    def test_agrees_with_snug_about_every_key(self):
        keys = [key for key in self.keys() if key != "version"]
        self.assertGreater(len(keys), 60)
        for value in VALUES + [f"[{value}]" for value in VALUES if value.startswith('"')]:
            # One run a value: every key on a line of its own, whose mistakes name it.
            mistakes = self.mistakes("version = 1\n" + "".join(f"{key} = {value}\n" for key in keys))
            self.assertLess(len(mistakes), 200)
            for line, key in enumerate(keys, 2):
                refused = [message for place, message in mistakes
                           if place == line and (key != "extends" or ": expected " in message) and
                           not NAMES.match(message)]
                with self.subTest(key=key, value=value):
                    self.assertEqual(self.takes(f"version = 1\n{key} = {value}\n"), not refused, refused)

    def test_keeps_what_inheritance_needs(self):
        for text in ('[filesystem]\nread = ["!/opt"]', '[filesystem]\nread.replace = ["/opt"]',
                     '[vars]\na = "b"\n[filesystem]\nread = ["${home}/x", "/x/${vars.a}"]'):
            with self.subTest(text):
                self.assertTrue(self.takes("version = 1\n" + text))

    def test_a_path_of_any_text_is_taken_alike(self):
        for path in ("/", "~", ".", "/?", "~/", "./", "/a b", "/a\n/b", "/é", "~?", ".?", "?", "/..", "/...", "/a/..?", "..",
                     "~a", "~/..", "!", "/" + "x" * 4094, "/" + "x" * 4095, "/" + "x" * 4096):
            for key in ("filesystem.read", "filesystem.hide", "filesystem.tmpfs"):
                text = f"version = 1\n{key} = [{quoted(path)}]\n"
                with self.subTest(key=key, path=path[:20]):
                    self.assertEqual(self.takes(text), not self.mistakes(text), self.mistakes(text))


snugtest.main()
