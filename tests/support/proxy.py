"""A proxy of CONNECT for the network tests: proxy.py PORT_FILE LOG HOW [CREDENTIALS]. Listens on a loopback port, which it
writes to PORT_FILE, and appends to LOG a line for each request: what was asked for, and the credentials, if any.

HOW: good (1xx before the answer, and headers), or what a bad one does: see BAD.
"""
import asyncio
import base64
import os
import socket
import sys

PORT_FILE, LOG, HOW = sys.argv[1:4]
CREDENTIALS = sys.argv[4] if len(sys.argv) > 4 else None
DENIED = {"refused.test": 403, "away.test": 502, "slow.test": 504}
KNOWN = {"only-proxy.test": "93.184.1.1", "intranet": "93.184.1.1", "here.test": "127.0.0.1"}  # to nobody else
FLOOD = b"X-Header: " + b"x" * 1000 + b"\r\n"
BAD = {
    "endless headers": [b"HTTP/1.1 200 OK\r\n"] + [FLOOD] * 100000,
    "endless line": [b"HTTP/1.1 200 OK\r\nX: "] + [b"x" * 1000] * 100000,
    "endless waits": [b"HTTP/1.1 100 Wait\r\n\r\n"] * 100000,
    "garbage": [bytes(range(256)) * 10],
    "another protocol": [b"SSH-2.0-OpenSSH_9.2\r\n"],
    "nothing": [],
    "half an answer": [b"HTTP/1.1 200 OK\r\nX: y\r\n"],
    "a number too many": [b"HTTP/1.1 2000 OK\r\n\r\n"],
    "another number": [b"HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1/\r\n\r\n"],
    "an escape": [b"HTTP/1.1 418 \x1b]0;owned\x07\r\n\r\n\x1b[2J"],
}


async def copy(reader, writer):
    try:
        while some := await reader.read(1 << 16):
            writer.write(some)
            await writer.drain()
        writer.write_eof()
    except OSError:
        writer.close()


async def misbehave(writer):
    for part in BAD[HOW]:
        writer.write(part)
        await writer.drain()
    writer.close()


async def serve(reader, writer):
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin1").split("\r\n")
        said = [line.split(" ")[2] for line in head if line.lower().startswith("proxy-authorization: basic ")]
        credentials = base64.b64decode(said[0]).decode() if said else "-"
        method, to, version = head[0].split(" ")
        with open(LOG, "a") as log:
            log.write(f"{method} {to} {credentials}\n")
        if HOW == "hangs":
            return await reader.read(-1)
        if HOW in BAD:
            return await misbehave(writer)
        if CREDENTIALS and credentials != CREDENTIALS:
            return writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n") or writer.close()
        host, port = to.rsplit(":", 1)
        if host in DENIED:
            return writer.write(b"HTTP/1.1 %d No\r\nContent-Length: 2\r\n\r\nno" % DENIED[host]) or writer.close()
        there, out = await asyncio.open_connection(KNOWN.get(host, host.strip("[]")), int(port))
        early = await asyncio.wait_for(there.read(99), 0.2) if HOW == "early" else b""
        answer = b"HTTP/1.1 100 Wait\r\n\r\nHTTP/1.1 200 OK\r\nVia: test\r\n\r\n"
        if HOW == "split":
            for i in range(len(answer)):
                writer.write(answer[i:i + 1])
                await asyncio.sleep(0.001)
        else:
            writer.write(answer + early)
        await asyncio.gather(copy(reader, out), copy(there, writer))
    except (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError):
        pass
    finally:
        writer.close()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    with open(PORT_FILE + ".new", "w") as file:
        file.write(str(server.sockets[0].getsockname()[1]))
    os.rename(PORT_FILE + ".new", PORT_FILE)
    await asyncio.Event().wait()


asyncio.run(main())
