"""Servers as the internet has them - nginx with TLS and HTTP/2, git's own behind it, websockets - and what people reach them with,
each through a filtered network by name."""
import glob
import json
import os
import socket
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import networks

networks.enter()
import snugtest
from networks import OTHER, WEB6

PYTHON = "/usr/bin/python3"
SERVERS = os.path.join(os.environ["STAGE"], "servers")
BIG = 8 << 20
net = site = None

NGINX = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{
  access_log {folder}/access.log; client_max_body_size 64m;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  ssl_certificate {folder}/certificate; ssl_certificate_key {folder}/key;
  server {{
    listen {v4}:80; listen {v4}:443 ssl http2; listen [{v6}]:443 ssl http2;
    root {folder}/files;
    location /put/ {{ dav_methods PUT; }}
    location /git/ {{
      fastcgi_pass unix:{folder}/cgi;
      fastcgi_param SCRIPT_FILENAME {backend}; fastcgi_param GIT_PROJECT_ROOT {folder}; fastcgi_param GIT_HTTP_EXPORT_ALL "";
      fastcgi_param PATH_INFO $uri; fastcgi_param QUERY_STRING $query_string; fastcgi_param REQUEST_METHOD $request_method;
      fastcgi_param CONTENT_TYPE $content_type; fastcgi_param CONTENT_LENGTH $content_length; fastcgi_param HTTP_CONTENT_ENCODING $http_content_encoding;
      fastcgi_param REMOTE_USER somebody; fastcgi_param GIT_PROTOCOL $http_git_protocol;
    }}
  }}
}}
"""

# Answers what it is sent, text in capitals.
WEBSOCKETS = r"""
import sys
import unittest
from aiohttp import web
async def talk(request):
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    async for message in socket:
        await (socket.send_bytes(message.data) if isinstance(message.data, bytes) else socket.send_str(message.data.upper()))
    return socket
app = web.Application()
app.add_routes([web.get("/", talk)])
web.run_app(app, host=sys.argv[1], port=int(sys.argv[2]), print=lambda *words: print("up", flush=True))
"""

TALK = r"""
import aiohttp, asyncio, sys
async def main():
    async with aiohttp.ClientSession() as session, session.ws_connect(sys.argv[1]) as socket:
        await socket.send_str("hello")
        print((await socket.receive()).data)
        await socket.ping()
        await asyncio.sleep(1)
        await socket.send_bytes(bytes(1000000))
        print(len((await socket.receive()).data))
        await socket.close()
        print(socket.close_code)
asyncio.run(main())
"""


class Site:
    """nginx, and git http-backend behind it, in the internet."""

    def __init__(self):
        self.folder = os.path.join(net.folder, "site")
        os.makedirs(os.path.join(self.folder, "files/put"))
        with open(self.path("files/hello"), "w") as file:
            file.write("hello\n")
        with open(self.path("files/big"), "wb") as file:
            file.write(os.urandom(BIG))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=site.test", "-addext",
                        "subjectAltName=DNS:site.test,DNS:six-site.test", "-keyout", self.path("key"), "-out", self.path("certificate")],
                       check=True, capture_output=True)
        with open(self.path("nginx.conf"), "w") as file:
            file.write(NGINX.format(folder=self.folder, v4=OTHER, v6=WEB6, backend=git_backend()))
        libraries = {**os.environ, "LD_LIBRARY_PATH": ":".join(glob.glob(os.path.join(SERVERS, "usr/lib/*-linux-gnu")))}
        nginx, cgi = (os.path.join(SERVERS, "usr/sbin", name) for name in ("nginx", "fcgiwrap"))
        self.processes = [subprocess.Popen([cgi, "-s", "unix:" + self.path("cgi")], env=libraries),
                          subprocess.Popen([*net.there(), nginx, "-p", self.folder, "-e", self.path("error.log"), "-c", self.path("nginx.conf")])]

    def path(self, name):
        return os.path.join(self.folder, name)

    def close(self):
        for process in self.processes:
            process.terminate()
            process.wait()


def git_backend():
    return os.path.join(subprocess.run(["git", "--exec-path"], check=True, capture_output=True, text=True).stdout.strip(), "git-http-backend")


def setUpModule():
    global net, site
    snugtest.need(os.access(os.path.join(SERVERS, "usr/sbin/nginx"), os.X_OK), "nginx, from Debian's mirror")
    net = networks.set_up(web=False)
    net.say({**networks.NAMES, "site.test": [OTHER], "six-site.test": [WEB6]})
    site = Site()
    unittest.addModuleCleanup(site.close)


class Served(snugtest.Case):
    def setUp(self):
        super().setUp()
        with open(site.path("certificate")) as file:
            self.write("ca.pem", file.read())
        self.wait_until(lambda: os.path.exists(site.path("cgi")) and os.path.exists(site.path("nginx.pid")), "nginx and fcgiwrap are up")

    def under(self, allow, *command, more="", **rest):
        text = more + '[network]\nmode = "filtered"\nallow = %s\n' % json.dumps(list(allow))
        return self.inside(*command, profile=text, timeout=300, **rest)

    def script(self, script, allow=("site.test",), **more):
        result = self.under(allow, "sh", "-euc", script, **more)
        self.assert_status(result, 0)
        return result.stdout.decode().splitlines()


class Https(Served):
    def test_curl_many_at_once_over_one_connection_and_several(self):
        snugtest.need_program("curl")
        urls = " ".join(f"-o out{i} https://site.test/{'big' if i % 4 == 0 else 'hello'}" for i in range(20))
        for version in ("--http1.1", "--http2"):
            self.assertEqual(self.script(f"curl -sS -Z {version} --cacert ca.pem {urls}; cat out1; wc -c < out4; cmp out0 out16; rm out*"),
                             ["hello", str(BIG)])

    def test_an_upload(self):
        snugtest.need_program("curl")
        lines = self.script("head -c 5000000 /dev/urandom > up; curl -sS -w '%{http_code} %{size_upload}\\n' --cacert ca.pem -T up https://site.test/put/up; "
                            "curl -sS --cacert ca.pem https://site.test/put/up | cmp - up")
        self.assertEqual(lines, ["201 5000000"])

    def test_a_name_that_has_an_ipv6_address_alone(self):
        snugtest.need_program("curl")
        self.assertEqual(self.script("curl -sS --cacert ca.pem https://six-site.test/hello", ["six-site.test"]), ["hello"])

    def test_wget(self):
        snugtest.need_program("wget")
        self.assertEqual(self.script("wget -q -O- --ca-certificate=ca.pem https://site.test/hello"), ["hello"])

    def test_openssl(self):
        self.assertIn("hello", self.script("printf 'GET /hello HTTP/1.0\\r\\nHost: site.test\\r\\n\\r\\n' | openssl s_client -quiet -verify_return_error "
                                           "-CAfile ca.pem -connect site.test:443 -servername site.test 2>/dev/null"))

    def test_node(self):
        snugtest.need_program("node")
        self.assertEqual(self.script("NODE_EXTRA_CA_CERTS=ca.pem node -e \"fetch('https://site.test/hello').then(r => r.text()).then(t => console.log(t.trim()))\""), ["hello"])

    def test_python(self):
        self.write("get.py", "import asyncio, ssl, urllib.request\n"
                   "trust = ssl.create_default_context(cafile='ca.pem')\n"
                   "print(urllib.request.urlopen('https://site.test/hello', context=trust).read().decode().strip())\n"
                   "async def main():\n"
                   "    reader, writer = await asyncio.open_connection('site.test', 443, ssl=trust)\n"
                   "    writer.write(b'GET /big HTTP/1.0\\r\\nHost: site.test\\r\\n\\r\\n')\n"
                   "    print(len((await reader.read()).split(b'\\r\\n\\r\\n', 1)[1]))\n"
                   "asyncio.run(main())\n")
        self.assertEqual(self.script(f"{PYTHON} get.py"), ["hello", str(BIG)])

    def test_aiohttp(self):
        self.write("get.py", "import aiohttp, asyncio, ssl\n"
                   "async def main():\n"
                   "    async with aiohttp.ClientSession() as session:\n"
                   "        async def get(path):\n"
                   "            async with session.get('https://site.test/' + path, ssl=ssl.create_default_context(cafile='ca.pem')) as answer:\n"
                   "                return len(await answer.read())\n"
                   "        print(sum(await asyncio.gather(*(get('big' if i % 5 == 0 else 'hello') for i in range(30)))))\n"
                   "asyncio.run(main())\n")
        self.assertEqual(self.script(f"{PYTHON} get.py"), [str(6 * BIG + 24 * 6)])

    def test_a_name_without_a_rule(self):
        snugtest.need_program("curl")
        result = self.under(["other.test"], "curl", "-sS", "--cacert", "ca.pem", "https://site.test/hello")
        self.assertEqual(result.returncode, 6, self.story(result))  # it could not resolve the host
        self.assertIn(b"blocked site.test", result.stderr)


class Load(Served):
    def test_ab(self):
        snugtest.need_program("ab")
        lines = self.script("ab -q -n 500 -c 10 http://site.test/hello; ab -q -k -n 500 -c 10 http://site.test/hello")
        self.assertEqual([line.split()[-1] for line in lines if line.startswith(("Complete requests", "Failed requests"))], ["500", "0", "500", "0"])


class Compiled(Served):
    GO = r"""
package main
import ("fmt"; "io"; "net"; "strings")
func main() {
  c, err := net.Dial("tcp", "site.test:80")
  if err != nil { fmt.Println(err); return }
  fmt.Fprintf(c, "GET /hello HTTP/1.0\r\nHost: site.test\r\n\r\n")
  all, _ := io.ReadAll(c)
  fmt.Println(strings.TrimSpace(strings.SplitN(string(all), "\r\n\r\n", 2)[1]))
  _, err = net.Dial("tcp", "other.test:80")
  fmt.Println(strings.Contains(err.Error(), "no such host"))
}
"""
    ASIO = r"""
#include <asio.hpp>
#include <iostream>
int main() {
  asio::io_context context;
  asio::ip::tcp::resolver resolver(context);
  asio::ip::tcp::socket socket(context);
  std::string answer, request = "GET /hello HTTP/1.0\r\nHost: site.test\r\n\r\n";
  resolver.async_resolve("site.test", "80", [&](auto, auto found) {
    asio::async_connect(socket, found, [&](auto, auto) {
      asio::async_write(socket, asio::buffer(request), [&](auto, auto) {
        asio::async_read(socket, asio::dynamic_buffer(answer), [&](auto, auto) {});
      });
    });
  });
  context.run();
  std::cout << answer.substr(answer.find("\r\n\r\n") + 4);
  asio::error_code error;
  resolver.resolve("other.test", "80", error);
  std::cout << (error == asio::error::host_not_found) << "\n";
}
"""

    def test_go_with_its_own_resolver_and_with_the_systems(self):
        snugtest.need_program("go")
        self.write("main.go", self.GO)
        build = "export GOCACHE=$PWD/cache GOFLAGS=-mod=mod GO111MODULE=off; "
        self.assertEqual(self.script(build + "CGO_ENABLED=0 go build -o static main.go; CGO_ENABLED=1 go build -o linked main.go; ./static; ./linked; "
                                     "GODEBUG=netdns=cgo ./linked"), ["hello", "true"] * 3)

    def test_asio(self):
        snugtest.need_program("g++")
        self.write("main.cpp", self.ASIO)
        self.assertEqual(self.script("g++ -std=c++17 -O0 main.cpp -o main; ./main"), ["hello", "1"])


class Git(Served):
    def test_clone_push_and_fetch_over_https(self):
        snugtest.need_program("git")
        repository = site.path("git/app.git")
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", repository], check=True)
        subprocess.run(["git", "-C", repository, "config", "http.receivepack", "true"], check=True)
        lines = self.script("export GIT_SSL_CAINFO=$PWD/ca.pem GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b; "
                            "url=https://site.test/git/app.git; git clone -q $url work 2>/dev/null; cd work; head -c 3000000 /dev/urandom > big; echo first > file; git add .; "
                            "git commit -qm first; git push -q origin HEAD:main; cd ..; git clone -q $url again; cmp work/big again/big; cat again/file; "
                            "cd work; echo second > file; git commit -qam second; git push -q origin HEAD:main; cd ../again; git pull -q; cat file; git fsck 2>&1 | wc -l")
        self.assertEqual(lines, ["first", "second", "0"])


class WebSockets(Served):
    def test_out(self):
        server = subprocess.Popen([*net.there(), PYTHON, "-c", WEBSOCKETS, OTHER, "9000"], stdout=subprocess.PIPE)
        self.addCleanup(lambda: (server.kill(), server.wait(), server.stdout.close()))
        self.assertEqual(server.stdout.readline(), b"up\n")
        self.write("talk.py", TALK)
        self.assertEqual(self.script(f"{PYTHON} talk.py http://site.test:9000/", ["site.test:9000"]), ["HELLO", "1000000", "1000"])

    def test_in_at_a_published_port(self):
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        snug = self.start(PYTHON, "-c", WEBSOCKETS, "127.0.0.1", "9001", profile=f'[network]\nmode = "none"\npublish = ["{port}:9001"]\n')
        self.assertEqual(snug.stdout.readline(), b"up\n")
        talk = subprocess.run([PYTHON, "-c", TALK, f"http://127.0.0.1:{port}/"], capture_output=True, text=True, timeout=120)
        self.assertEqual(talk.stdout.split(), ["HELLO", "1000000", "1000"], talk.stderr)


if __name__ == "__main__":
    snugtest.main()
