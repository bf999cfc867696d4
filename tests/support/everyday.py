"""What developers do all day, as small actions that run below a command prefix: a filter, a sandbox, or nothing.

Each action is a shell script that ends 0 if it worked, in a fresh directory of its own. Its text names what must be
installed. Some check what a tool says of itself, because a debugger that could not do its work may still end with 0.
"""
import os
import shutil
import subprocess
import tempfile

ACTIONS = {
    "bash pipes, jobs and substitutions": ("bash", r"""
        exec bash -c 'set -e; x=$(echo a b | tr a-z A-Z | cat <(cat) -); [ "$x" = "A B" ]
        sleep 0.01 & wait $!; trap "echo caught" USR1; kill -USR1 $$; coproc cat; echo hi >&${COPROC[1]}; read -u ${COPROC[0]} y
        [ "$y" = hi ]; mkfifo f; (echo z >f) & read z <f; [ $z = z ]'"""),
    "files: copy, archive, link, install, temporary": ("tar gzip", r"""
        mkdir -p a/b && echo x >a/b/f && ln -s f a/b/l && ln a/b/f a/b/h && cp -a a c && tar czf t.gz c && rm -r c && tar xpf t.gz
        install -m 755 a/b/f i && chmod 1777 a && mktemp -d -p . >/dev/null && sed -i s/x/y/ c/b/f && touch -d yesterday c/b/f
        mv c d && find . -type f | xargs sha256sum >/dev/null && flock d true && dd if=/dev/zero of=z bs=1k count=9 2>/dev/null"""),
    "git init, commit, clone, worktree": ("git", r"""
        git init -q r && cd r && git config user.email a@b && git config user.name n && echo 1 >f && git add f && git commit -qm 1
        git worktree add -q ../w && git clone -q . ../c && git gc -q && git -C ../c log --oneline | grep -q 1 && git status --short"""),
    "gcc with threads, make in parallel": ("gcc make", r"""
        printf '%s\n' '#include <pthread.h>' '#include <stdio.h>' 'static void *f(void *p) { return p; }' \
          'int main(void) { pthread_t t; return pthread_create(&t, 0, f, 0) || pthread_join(t, 0) || puts("built") < 0; }' >m.c
        printf 'all: a b\na b: m.c\n\tgcc -O2 -pthread -o $@ m.c\n' >Makefile && make -s -j2 && ./a | grep -q built && ./b >/dev/null"""),
    "g++ with the standard library's threads": ("g++", r"""
        printf '%s\n' '#include <future>' '#include <filesystem>' 'int main() { namespace fs = std::filesystem;' \
          'return std::async(std::launch::async, [] { return fs::exists("m.cpp") ? 0 : 1; }).get(); }' >m.cpp
        g++ -std=c++17 -pthread m.cpp -o m && ./m"""),
    "gdb: breakpoint, backtrace, change a variable, no randomisation": ("gdb gcc", r"""
        printf '%s\n' '#include <stdio.h>' 'int f(int x) { return x + 1; }' 'int main(void) { int r = f(41); printf("r=%d\n", r); return 0; }' >m.c
        gcc -g -O0 m.c -o m && gdb -nx -batch -ex 'break f' -ex run -ex bt -ex 'set var x=6' -ex continue ./m >out 2>&1
        cat out; grep -q 'Breakpoint 1, f (x=41)' out && grep -q '#1 .* main' out && grep -q r=7 out && ! grep -qi 'randomi\|warning: Error' out"""),
    "gdb: start stopped, let go": ("gdb", r"""
        gdb -nx -batch -ex starti -ex 'info registers pc' -ex detach --args /bin/true >out 2>&1; cat out; grep -q detached out"""),
    "strace -f follows children": ("strace", r"""
        strace -f -o log sh -c '/bin/true; /bin/echo x' >/dev/null && grep -c execve log && [ "$(grep -c 'execve.* = 0' log)" -ge 3 ]"""),
    "strace changes an answer": ("strace", r"""
        strace -f -o log -e trace=openat,chdir -e inject=chdir:error=EIO:when=1 sh -c 'cd /tmp' 2>err; grep -q INJECTED log && grep -qi 'I/O\|cd' err"""),
    "valgrind": ("valgrind", r"""valgrind -q --error-exitcode=9 /bin/true"""),
    "python: threads, processes, pools, asyncio": ("python3", r"""
        cat >m.py <<'END'
import asyncio, concurrent.futures as cf, multiprocessing as mp, subprocess, threading, sqlite3, tempfile, mmap, signal, ctypes
def square(x): return x * x
async def main():
    p = await asyncio.create_subprocess_exec("cat", stdin=-1, stdout=-1)
    assert (await p.communicate(b"x"))[0] == b"x"
    server = await asyncio.start_server(lambda r, w: (w.write(b"hi"), w.close()), "127.0.0.1", 0)
    reader, _ = await asyncio.open_connection(*server.sockets[0].getsockname())
    assert await reader.read() == b"hi"
if __name__ == "__main__":
    t = threading.Thread(target=square, args=(2,)); t.start(); t.join()
    assert subprocess.run(["echo", "x"], capture_output=True).stdout == b"x\n"
    for way in ("fork", "spawn", "forkserver"):
        with mp.get_context(way).Pool(2) as pool: assert pool.map(square, [1, 2]) == [1, 4]
    with cf.ProcessPoolExecutor(2) as pool: assert list(pool.map(square, [3])) == [9]
    q = mp.Queue(); p = mp.Process(target=q.put, args=(1,)); p.start(); assert q.get() == 1; p.join()
    asyncio.run(main())
    db = sqlite3.connect("x.db"); db.execute("pragma journal_mode=wal"); db.execute("create table t(a)"); db.commit()
END
        python3 m.py"""),
    "python: names, addresses, web server": ("python3", r"""
        python3 - <<'END'
import http.server, socket, threading, urllib.request
assert socket.getaddrinfo("127.0.0.1", 80) and socket.getaddrinfo("localhost", 80)
assert socket.if_nameindex()
s = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
threading.Thread(target=s.serve_forever, daemon=True).start()
assert urllib.request.urlopen("http://127.0.0.1:%d/" % s.server_port).status == 200
END"""),
    "python venv": ("python3", r"""python3 -m venv --without-pip v && v/bin/python -c 'import sys; assert sys.prefix != sys.base_prefix'"""),
    "node: workers, children, promises, web server": ("node", r"""
        cat >m.js <<'END'
const { Worker, isMainThread, parentPort } = require("worker_threads");
if (!isMainThread) return parentPort.postMessage(1);
const fs = require("fs"), cp = require("child_process"), http = require("http"), assert = require("assert");
(async () => {
  await new Promise((r) => new Worker(__filename).on("message", r));
  await fs.promises.writeFile("x", "y"); await fs.promises.copyFile("x", "z"); fs.watch(".").close();
  assert.equal(cp.execFileSync("cat", ["z"]).toString(), "y");
  assert.equal(await new Promise((r) => cp.fork("-e", ["process.send(7)"], { execArgv: [] }).on("error", r).on("exit", () => r(0))), 0);
  const server = http.createServer((_, r) => r.end("hi")).listen(0, "127.0.0.1", async () => {
    assert.equal(await (await fetch(`http://127.0.0.1:${server.address().port}/`)).text(), "hi"); process.exit(0);
  });
})();
END
        node m.js"""),
    "npm": ("npm", r"""npm --version && npm init -y >/dev/null && mkdir d && (cd d && npm init -y >/dev/null) && npm install --offline --no-audit --no-fund ./d >/dev/null && [ -e node_modules/d ]"""),
    "java": ("java", r"""java -version 2>&1 | grep -i version"""),
    "javac and threads": ("javac java", r"""
        printf '%s\n' 'public class M { public static void main(String[] a) throws Exception {' \
          'Thread t = new Thread(() -> System.out.println("hi")); t.start(); t.join();' \
          'System.out.println(new String(new ProcessBuilder("echo", "child").start().getInputStream().readAllBytes())); } }' >M.java
        javac M.java && java M | grep -q child && java -XX:+UseZGC M | grep -q hi && java -XX:+UseNUMA -XX:+UseParallelGC M | grep -q hi"""),
    "tmux: a session with a command": ("tmux", r"""
        export TMUX_TMPDIR=$PWD; tmux -f /dev/null new-session -d 'tty >t; echo $TERM >>t; sleep 30'
        for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do [ -s t ] && break; sleep 0.1; done
        tmux kill-server; grep -q /dev/pts t"""),
    "job control: stop and continue": ("python3 bash", r"""
        python3 - <<'END'
import os, pty, time, select
child, master = pty.fork()
if child == 0: os.execvp("bash", ["bash", "--norc", "-i"])
def until(word, seconds=10):
    seen, end = b"", time.time() + seconds
    while word not in seen and time.time() < end:
        if select.select([master], [], [], 0.1)[0]: seen += os.read(master, 4096)
    assert word in seen, seen
os.write(master, b"echo be''gan; sleep 100\n"); until(b"began")
for _ in range(40):
    os.write(master, b"\x1a")  # in vain where the command has not begun yet
    try: until(b"Stopped", 1); break
    except AssertionError as error: seen = error
else: raise seen
os.write(master, b"bg\n"); until(b"sleep 100 &"); os.write(master, b"kill %1; wait; echo do''ne\n"); until(b"done")
os.write(master, b"exit\n"); os.waitpid(child, 0)
END"""),
    "no randomisation by setarch": ("setarch", r"""setarch "$(uname -m)" -R true"""),
    "perl": ("perl", r"""perl -e 'use IPC::Open2; my $p = open2(my $o, my $i, "cat"); print $i "x\n"; close $i; die if <$o> ne "x\n"; waitpid $p, 0;'"""),
    "cmake": ("cmake", r"""cmake --version >/dev/null && cmake -E touch x && [ -e x ]"""),
    "cmake, ninja and ctest": ("cmake ninja g++", r"""
        printf '%s\n' 'cmake_minimum_required(VERSION 3.13)' 'project(p CXX)' 'find_package(Threads REQUIRED)' \
          'add_executable(p p.cpp)' 'target_link_libraries(p Threads::Threads)' 'enable_testing()' 'add_test(NAME p COMMAND p)' >CMakeLists.txt
        echo '#include <thread>
        int main() { std::thread t([] {}); t.join(); }' >p.cpp; cmake -S . -B b -G Ninja >/dev/null && cmake --build b >/dev/null && cd b && ctest | grep -q '100% tests passed'"""),
    "clang, linked with optimisation": ("clang", r"""
        printf '%s\n' '#include <stdio.h>' 'int main(void) { return puts("built") < 0; }' >m.c
        clang -O2 -flto m.c -o m && ./m | grep -q built && clang -g -fsanitize=undefined m.c -o u && ./u | grep -q built"""),
    "lua and tcl start programs": ("lua tclsh", r"""
        lua -e 'assert(io.popen("echo x"):read("a") == "x\n")' && echo 'puts [exec echo x]' | tclsh | grep -q x"""),
}

# Those that trace or switch off randomisation: a policy without ptrace stops them.
DEBUGGING = ("gdb: breakpoint, backtrace, change a variable, no randomisation", "gdb: start stopped, let go",
             "strace -f follows children", "strace changes an answer", "no randomisation by setarch")


def missing_tools(name):
    return [tool for tool in ACTIONS[name][0].split() if not shutil.which(tool)]


def run_action(name, prefix=()):
    """The action's exit status and output, below `prefix` (a list of words)."""
    with tempfile.TemporaryDirectory(dir=os.getcwd(), ignore_cleanup_errors=True) as directory:
        done = subprocess.run([*prefix, "sh", "-c", ACTIONS[name][1]], cwd=directory, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
    return done.returncode, done.stdout.decode(errors="replace")
