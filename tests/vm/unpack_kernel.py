#!/usr/bin/python3
"""unpack_kernel.py VMLINUZ VMLINUX: the ELF kernel within a bzImage, which an emulated machine would take long to unpack."""
import lzma
import subprocess
import sys
import zlib

UNPACKERS = (
    (b"\xfd7zXZ\x00", lambda data: lzma.LZMADecompressor().decompress(data)),
    (b"\x1f\x8b\x08", lambda data: zlib.decompressobj(31).decompress(data)),
    # zstd complains of what follows the kernel, after having written it.
    (b"\x28\xb5\x2f\xfd", lambda data: subprocess.run(["zstd", "-qdc"], input=data, stdout=subprocess.PIPE,
                                                    stderr=subprocess.DEVNULL).stdout),
)


def candidates(data):
    for magic, unpack in UNPACKERS:
        place = data.find(magic)
        while place >= 0:
            try:
                yield unpack(data[place:])
            except (lzma.LZMAError, zlib.error):
                pass
            place = data.find(magic, place + 1)


with open(sys.argv[1], "rb") as file:
    packed = file.read()
kernel = next((found for found in candidates(packed) if found.startswith(b"\x7fELF")), None)
if kernel is None:
    sys.exit(f"{sys.argv[1]}: no kernel packed by xz, gzip or zstd in it")
with open(sys.argv[2], "wb") as file:
    file.write(kernel)
