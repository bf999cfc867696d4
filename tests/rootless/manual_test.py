"""Every manual page is rendered by man and mandoc without a warning, and says what was meant."""
import glob
import os
import re
import subprocess

import snugtest
from snugtest import HOME, STAGE, need_program

SOURCES = sorted(glob.glob(os.path.join(STAGE, "man/*.scd")))
# scdoc puts one before every heading and one behind it; they print nothing.
SCDOC = "skipping paragraph macro: PP"
ENVIRONMENT = {**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": "80", "MANROFFOPT": "-c"}


def run(*words, text=None):
    return subprocess.run(words, input=text, stdin=None if text else subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=60, env=ENVIRONMENT)


class Manual(snugtest.Case):
    def setUp(self):
        super().setUp()
        for program in ("scdoc", "man", "groff", "mandoc"):
            need_program(program)
        self.pages = {os.path.basename(source)[:-4]: self.make(source) for source in SOURCES}
        self.assertGreater(len(self.pages), 4)

    def make(self, source):
        with open(source, encoding="utf-8") as file:
            made = run("scdoc", text=file.read())
        self.assertEqual((made.returncode, made.stderr), (0, ""), source)
        page = os.path.join(HOME, os.path.basename(source)[:-4])
        with open(page, "w", encoding="utf-8") as file:
            file.write(made.stdout)
        return page

    def check_each(self, check):
        """check(page) of every page."""
        for name, page in self.pages.items():
            with self.subTest(name):
                check(page)

    def man(self, page):
        return run("man", "--warnings", "-l", "-Tutf8", "-E", "UTF-8", page)

    def text(self, page):
        # Bold and underlined letters are printed over each other.
        return re.sub(".\x08", "", self.man(page).stdout)

    def test_man_has_no_warnings(self):
        self.check_each(lambda page: self.assertEqual(self.man(page).stderr, ""))

    def test_groff_has_no_warnings(self):
        def check(page):
            done = run("groff", "-ww", "-man", "-t", "-Tutf8", "-Kutf8", page)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.check_each(check)

    def test_mandoc_has_no_warnings(self):
        def check(page):
            said = run("mandoc", "-Tlint", "-Wwarning", page).stdout
            self.assertEqual([line for line in said.splitlines() if SCDOC not in line], [])
        self.check_each(check)

    def test_a_broken_page_is_noticed(self):
        broken = os.path.join(HOME, "broken.1")
        with open(broken, "w", encoding="utf-8") as file:
            file.write(".TH broken 1\n.SH NAME\nbroken\n.nosuchmacro\n\\fZodd\n.TS\n")
        self.assertNotEqual(self.man(broken).stderr, "")
        self.assertIn("nosuchmacro", run("mandoc", "-Tlint", "-Wwarning", broken).stdout)

    def test_no_markup_is_left_over(self):
        left_over = re.compile(r".*(?:(?<!\w)\*[a-z][\w.-]*\*(?!\w)|\+\+$|(?<![\w/])_[a-z]+_(?!\w)|\\_|^ *[\[|:][-:] ).*", re.MULTILINE)
        self.check_each(lambda page: self.assertEqual(left_over.findall(self.text(page)), []))

    def test_no_line_is_wider_than_the_page(self):
        self.check_each(lambda page: self.assertEqual([line for line in self.text(page).splitlines() if len(line) > 80], []))

    def test_each_says_what_it_is_and_where_to_read_on(self):
        def check(page):
            text, title = self.text(page), os.path.basename(page).rsplit(".", 1)[0]
            self.assertRegex(text, rf"(?m)^NAME\n +{re.escape(title)} - \w")
            for other, section in re.findall(r"\b(snug(?:[a-z.-]*[a-z])?)\((\d)\)", text):
                self.assertIn(f"{other}.{section}", self.pages)
        self.check_each(check)


if __name__ == "__main__":
    snugtest.main()
