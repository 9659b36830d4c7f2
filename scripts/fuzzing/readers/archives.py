"""Tarballs for `smartgen-data fetch`: nothing is written but below the folder of the release."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import pickle
import shutil
import tarfile
from pathlib import Path
from random import Random

from fuzzing.mutate import mutated
from fuzzing.readers.home import HOME, ROWS
from fuzzing.target import Reader
from smartgen.data.fetch import fetch
from smartgen.data.manifest import Checksum, Manifest
from smartgen.data.release import VOCABULARY_FILES

TOP = "SmartGen-c0ffee"
GZIP, TAR = b"G", b"T"  # raw bytes of the packed file, or of what is packed in a right one
BLOCK = 512
NAMES = (
    *(
        "../escape.pkl",
        "/tmp/escape.pkl",
        "SmartGen/../../escape.json",
        "SmartGen/a.pkl/b.pkl",
        "SmartGen",
        ".",
    ),
    *(
        f"{TOP}/SmartGen/dictionary.json",
        f"{TOP}/SmartGen/x\n.json",
        f"{TOP}/SmartGen/{'x' * 90}.pkl",
        "é.json",
        "",
    ),
    *(
        "SmartGen/dictionary.json.part",
        "SmartGen/IoT_data/toy/winter/trn.pkl/",
        "SmartGen/a\\..\\b.pkl",
        "C:/x.pkl",
    ),
)


def archives(folder: Path) -> Reader:
    """Fetch from a file, into a folder that is new each time."""
    source, into = folder / "source.tar.gz", folder / "into"
    files = {
        "SmartGen/dictionary.json": json.dumps(
            {"toy_devices_dict": HOME.ids[2], "toy_actions": HOME.ids[3]}
        ).encode(),
        "SmartGen/IoT_data/toy/winter/trn.pkl": pickle.dumps(ROWS),
        "SmartGen/IoT_data/toy/winter/more.pkl": pickle.dumps(ROWS[:1]),
        "LICENSE": b"MIT",
    }
    listed = list(files)[:2]
    sums = {name: Checksum(hashlib.sha256(files[name]).hexdigest(), len(files[name])) for name in listed}
    manifest = Manifest("https://github.com/someone/toy", "c0ffee", sums)

    def read(data: bytes) -> bool:
        for left in (into, folder / ".into.partial"):
            shutil.rmtree(left, ignore_errors=True)
        source.write_bytes(gzip.compress(data[1:], 0) if data[:1] == TAR else data[1:])
        done = fetch(str(source), into, manifest)
        for name in listed:
            path = into / name
            assert not path.exists() or path.read_bytes() == files[name], f"{name} is another one"
        assert any((into / name).is_file() for name in VOCABULARY_FILES)
        assert not any(path.is_symlink() for path in into.rglob("*"))
        return bool(done.written)

    def mutate(data: bytes, rng: Random) -> bytes:
        if data[:1] != TAR:
            return GZIP + mutated(data[1:], rng)
        content = bytearray(data[1:])
        for _ in range(rng.randrange(1, 4)):
            content = (
                _changed_header(content, rng)
                if rng.random() < 0.7
                else bytearray(mutated(bytes(content), rng))
            )
        return TAR + bytes(content)

    seeds = []
    for kind in (tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT):
        whole = _tarball(files, kind)
        seeds += [TAR + whole, GZIP + gzip.compress(whole, mtime=0)]
    return Reader("fetch", read, tuple(seeds), mutate)


def _tarball(files: dict[str, bytes], kind: int) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=kind) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(f"{TOP}/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        link = tarfile.TarInfo(f"{TOP}/SmartGen/link.pkl")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
        if kind != tarfile.USTAR_FORMAT:
            long = tarfile.TarInfo(f"{TOP}/SmartGen/{'long/' * 30}é.json")
            long.size = 2
            archive.addfile(long, io.BytesIO(b"{}"))
    return out.getvalue()


def _changed_header(content: bytearray, rng: Random) -> bytearray:
    """Another name, type, size or link in one of the headers, its checksum made right."""
    starts = [i for i in range(0, len(content) - BLOCK + 1, BLOCK) if content[i + 257 : i + 262] == b"ustar"]
    if not starts:
        return bytearray(mutated(bytes(content), rng))
    start = rng.choice(starts)
    header = content[start : start + BLOCK]
    draw = rng.random()
    if draw < 0.35:
        header[0:100] = rng.choice(NAMES).encode()[:100].ljust(100, b"\0")
    elif draw < 0.6:
        header[156:157] = rng.choice(
            (b"0", b"1", b"2", b"3", b"5", b"6", b"7", b"x", b"g", b"L", b"K", b"S", b"\0", b"?")
        )
    elif draw < 0.85:
        sizes = (
            b"00000000000\0",
            b"77777777777\0",
            b"\x80" + b"\xff" * 11,
            b"\xff" * 12,
            b"           \0",
            b"-1\0",
        )
        header[124:136] = rng.choice(sizes).ljust(12, b"\0")
    else:
        header[257:] = mutated(bytes(header[257:]), rng)[: BLOCK - 257].ljust(BLOCK - 257, b"\0")
    header[148:156] = b" " * 8
    header[148:156] = f"{sum(header):06o}\0 ".encode()
    content[start : start + BLOCK] = header
    return content
