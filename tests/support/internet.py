"""The internet of the network tests: run in a network namespace of its own by networks.py.

internet.py [--no-web] NAMES LOG [ADDRESS...]: a name server (UDP and TCP, port 53) for the names of the JSON file NAMES, which
tells in LOG every question it gets, and servers on every address: 80 http (of a host that has a folder of its name in
"sites" beside NAMES: its files; without --no-web), 81 closed, 82 resets, 83 half-close (answers what it got once its peer has ended), 84
gives 64 MiB, 85 takes everything and says how much, 86 never answers, 87 echo, of UDP too at the addresses named.
"""
import asyncio
import json
import os
import resource
import socket
import urllib.parse
import struct
import sys

WEB = "--no-web" not in sys.argv
NAMES, LOG, *ADDRESSES = [word for word in sys.argv[1:] if word != "--no-web"]
SITES = os.path.join(os.path.dirname(NAMES), "sites")


def wire(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


def record(kind, data, owner=b"\xc0\x0c"):
    body = wire(data) if kind == 5 else socket.inet_pton(socket.AF_INET if kind == 1 else socket.AF_INET6, data)
    return owner + struct.pack("!HHIH", kind, 1, 5, len(body)) + body


def answer(query):
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode("latin1"))
        at += query[at] + 1
    name = ".".join(labels).lower()
    kind = struct.unpack("!H", query[at + 1:at + 3])[0]
    with open(LOG, "a") as log:
        log.write(name + "\n")
    with open(NAMES) as file:
        names = json.load(file)
    known, owner, records = names.get(name), b"\xc0\x0c", []
    if known == "silent":
        return None
    while isinstance(known, dict) and len(records) < 20:  # {"cname": NAME}: all of the chain at once, as resolvers do
        target = known["cname"]
        records.append(record(5, target, owner))
        known, owner = names.get(target, []), wire(target)
    for address in known if isinstance(known, list) else []:
        if kind == (28 if ":" in address else 1):
            records.append(record(kind, address, owner))
    flags = 0x8180 if known is not None else 0x8183
    return query[:2] + struct.pack("!HHHHH", flags, 1, len(records), 0, 0) + query[12:at + 5] + b"".join(records)


class Names(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, address):
        said = answer(data)
        if said:
            self.transport.sendto(said, address)


class Echo(asyncio.DatagramProtocol):
    """Answers by its length and what it was."""

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, address):
        self.transport.sendto(b"%d " % len(data) + data[:60000], address)


async def names_by_tcp(reader, writer):
    size = struct.unpack("!H", await reader.readexactly(2))[0]
    said = answer(await reader.readexactly(size))
    writer.write(struct.pack("!H", len(said)) + said)
    writer.close()


def site_file(host, target):
    """(status, content) of a site's file; None for a host without a site. The tests' own files: no care is taken."""
    site = os.path.join(SITES, host)
    if not os.path.isdir(site):
        return None
    path = site + urllib.parse.unquote(target.split("?")[0])
    for file in (path, os.path.join(path, "index")):
        if os.path.isfile(file):
            with open(file, "rb") as content:
                return b"200 OK", content.read()
    return b"404 Not Found", b""


async def http(reader, writer):
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            host = [line[6:] for line in head.decode().split("\r\n") if line.lower().startswith("host: ")]
            method, target = head.decode().split(" ")[:2]
            found = site_file(host[0], target) if host else None
            if found:
                body = b"" if method == "HEAD" else found[1]
                # npm and pip look at the kind; for the others it says nothing.
                kind = b"text/html" if body.startswith(b"<") else b"application/json" if body.startswith(b"{") else b"application/octet-stream"
                writer.write(b"HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s" % (found[0], kind, len(found[1]), body))
                await writer.drain()
                continue
            peer, here = writer.get_extra_info("peername")[0], writer.get_extra_info("sockname")[0]
            body = json.dumps({"host": host, "from": peer, "at": here}).encode()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


def abort(writer):
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def reset(reader, writer):
    await reader.read(1)
    abort(writer)


async def half_close(reader, writer):
    everything = await reader.read(-1)
    writer.write(everything[::-1])
    await writer.drain()
    writer.close()


async def give(reader, writer):
    for _ in range(64):
        writer.write(b"x" * (1 << 20))
        await writer.drain()
    writer.close()


async def take(reader, writer):
    total = 0
    while some := await reader.read(1 << 18):
        total += len(some)
    writer.write(b"%d" % total)
    writer.close()


async def silence(reader, writer):
    await reader.read(-1)
    writer.close()


async def echo(reader, writer):
    try:
        while some := await reader.read(1 << 16):
            writer.write(some)
            await writer.drain()
    except ConnectionError:
        pass
    writer.close()


async def main():
    loop = asyncio.get_running_loop()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    for family, any_address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
        for port, serve in {53: names_by_tcp, **({80: http, 443: http} if WEB else {}), 82: reset, 83: half_close, 84: give, 85: take,
                            86: silence, 87: echo}.items():
            await asyncio.start_server(serve, any_address, port, family=family, backlog=4096)
    await loop.create_datagram_endpoint(Names, ("0.0.0.0", 53))
    for address in ADDRESSES:
        await loop.create_datagram_endpoint(Echo, (address, 87))
    print("ready", flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
