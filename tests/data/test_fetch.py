from __future__ import annotations

import gzip
import io
import tarfile
import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO

import pytest

from smartgen.core.errors import SmartgenError
from smartgen.data import fetch as fetch_module
from smartgen.data.fetch import default_source, fetch
from smartgen.data.manifest import Checksum, Manifest, packed_manifest, states, verification

TOP = "SmartGen-c0ffee"


def _files(folder: Path) -> dict[str, bytes]:
    found = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def _pack(path: Path, files: dict[str, bytes], *others: tarfile.TarInfo) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        for member in others:
            archive.addfile(member)
    return path


@pytest.fixture
def packed(toy_release: Path, tmp_path: Path) -> Path:
    """The toy release as GitHub would pack it, with code and a picture that are not to be taken."""
    files = {f"{TOP}/{name}": content for name, content in _files(toy_release).items()}
    unwanted = dict.fromkeys([f"{TOP}/SmartGen/run.py", f"{TOP}/figure.pdf", f"{TOP}/notes.txt"], b"x")
    return _pack(tmp_path / "toy.tar.gz", files | unwanted)


def test_a_tarball_gives_the_data_and_not_the_code(
    packed: Path, toy_release: Path, toy_manifest: Manifest, tmp_path: Path
) -> None:
    sizes: list[int] = []
    done = fetch(str(packed), tmp_path / "new" / "release", toy_manifest, sizes.append)
    assert _files(tmp_path / "new" / "release") == _files(toy_release)
    assert sorted(done.written) == sorted(toy_manifest.files)
    assert (done.kept, done.unlisted, sum(sizes)) == ([], 0, toy_manifest.size)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["release"]


def test_a_folder_gives_the_same(toy_release: Path, toy_manifest: Manifest, tmp_path: Path) -> None:
    (toy_release / "SmartGen/run.py").write_text("x")
    (toy_release / ".git").mkdir()
    (toy_release / ".git/index.json").write_text("x")
    fetch(str(toy_release), tmp_path / "release", toy_manifest)
    assert sorted(_files(tmp_path / "release")) == sorted(toy_manifest.files)


@pytest.mark.parametrize("top", ["", "./", "SmartGen/", "release/"])
def test_the_tarballs_top_folder_may_be_any_or_none(
    toy_release: Path, toy_manifest: Manifest, tmp_path: Path, top: str
) -> None:
    path = _pack(
        tmp_path / "x.tar.gz", {top + name: content for name, content in _files(toy_release).items()}
    )
    fetch(str(path), tmp_path / "release", toy_manifest)
    assert _files(tmp_path / "release") == _files(toy_release)


def test_what_is_right_is_kept_and_what_is_not_is_restored(
    packed: Path, toy_release: Path, toy_manifest: Manifest, tmp_path: Path
) -> None:
    into = tmp_path / "release"
    fetch(str(packed), into, toy_manifest)
    trn, license_file = into / "SmartGen/IoT_data/toy/winter/trn.pkl", into / "LICENSE"
    before = license_file.stat()
    trn.write_bytes(b"x" * trn.stat().st_size)
    (into / "mine.md").write_text("not of the release")
    done = fetch(str(packed), into, toy_manifest)
    assert done.written == ["SmartGen/IoT_data/toy/winter/trn.pkl"]
    assert len(done.kept) == len(toy_manifest.files) - 1
    assert _files(into) == _files(toy_release) | {"mine.md": b"not of the release"}
    after = license_file.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert fetch(str(packed), into, toy_manifest).written == []


def test_files_without_a_checksum_are_taken_and_counted(
    packed: Path, toy_manifest: Manifest, tmp_path: Path
) -> None:
    listed = dict(toy_manifest.files)
    del listed["SmartGen/IoT_data/toy/spring/test.pkl"]
    manifest = Manifest(toy_manifest.source, toy_manifest.commit, listed)
    assert fetch(str(packed), tmp_path / "release", manifest).unlisted == 1
    assert (tmp_path / "release/SmartGen/IoT_data/toy/spring/test.pkl").is_file()


@pytest.mark.parametrize("share", [0.0, 0.05, 0.5, 0.9, 0.999])
def test_a_cut_tarball_changes_nothing(
    packed: Path, toy_manifest: Manifest, tmp_path: Path, share: float
) -> None:
    raw = packed.read_bytes()
    packed.write_bytes(raw[: int(share * len(raw))])
    with pytest.raises(SmartgenError, match=r"toy\.tar\.gz: not a whole \.tar\.gz .*run the fetch again"):
        fetch(str(packed), tmp_path / "release", toy_manifest)
    assert not (tmp_path / "release").exists()


@pytest.mark.parametrize(
    "content", [b"no gzip at all", gzip.compress(b"no tar" * 300)], ids=["no gzip", "gzip without a tar"]
)
def test_another_format_is_named(toy_manifest: Manifest, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.tar.gz").write_bytes(content)
    with pytest.raises(SmartgenError, match=r"x\.tar\.gz: not a whole \.tar\.gz"):
        fetch(str(tmp_path / "x.tar.gz"), tmp_path / "release", toy_manifest)


def test_a_wrong_checksum_names_the_file_and_changes_nothing(
    packed: Path, toy_manifest: Manifest, tmp_path: Path
) -> None:
    name = "SmartGen/IoT_data/toy/spring/test.pkl"
    wrong = Checksum("0" * 64, toy_manifest.files[name].size)
    manifest = Manifest("", "", dict(toy_manifest.files) | {name: wrong})
    into = tmp_path / "release"
    into.mkdir()
    (into / "LICENSE").write_text("old")
    with pytest.raises(SmartgenError, match=rf"{name}: wrong checksum \(expected 000000000000, found"):
        fetch(str(packed), into, manifest)
    assert _files(into) == {"LICENSE": b"old"}
    fetch(str(packed), into, toy_manifest)
    assert sorted(_files(into)) == sorted(toy_manifest.files)


@pytest.mark.parametrize(
    "name", ["/tmp/evil.pkl", f"{TOP}/../../evil.pkl", "../evil.pkl", f"{TOP}/SmartGen/.."]
)
def test_paths_that_lead_out_are_refused(toy_manifest: Manifest, tmp_path: Path, name: str) -> None:
    source = _pack(tmp_path / "evil.tar.gz", {name: b"x"})
    with pytest.raises(SmartgenError, match="refused, it holds the unsafe path"):
        fetch(str(source), tmp_path / "a" / "b" / "release", toy_manifest)
    assert [path.name for path in tmp_path.rglob("evil*")] == ["evil.tar.gz"]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_links_and_devices_are_left_out(
    toy_release: Path, toy_manifest: Manifest, tmp_path: Path, kind: bytes
) -> None:
    member = tarfile.TarInfo(f"{TOP}/SmartGen/linked.pkl")
    member.type, member.linkname = kind, "/etc/passwd"
    files = {f"{TOP}/{name}": content for name, content in _files(toy_release).items()}
    fetch(str(_pack(tmp_path / "x.tar.gz", files, member)), tmp_path / "release", toy_manifest)
    assert sorted(_files(tmp_path / "release")) == sorted(toy_manifest.files)


@pytest.mark.parametrize("after", [0, 1, 3])
def test_an_interrupted_fetch_goes_on(
    packed: Path,
    toy_release: Path,
    toy_manifest: Manifest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    after: int,
) -> None:
    into, copied = tmp_path / "release", []
    whole = fetch_module._copy

    def breaks(stream: IO[bytes], target: Path) -> str:
        if len(copied) == after:
            target.write_bytes(b"half a fi")
            raise KeyboardInterrupt
        copied.append(target)
        return whole(stream, target)

    monkeypatch.setattr(fetch_module, "_copy", breaks)
    with pytest.raises(KeyboardInterrupt):
        fetch(str(packed), into, toy_manifest)
    assert not into.exists()

    again: list[Path] = []
    monkeypatch.setattr(fetch_module, "_copy", lambda s, target: (again.append(target), whole(s, target))[1])
    fetch(str(packed), into, toy_manifest)
    assert len(again) == len(toy_manifest.files) - after
    assert _files(into) == _files(toy_release)
    assert not (tmp_path / ".release.partial").exists()


def test_leftovers_of_another_source_are_not_taken(
    packed: Path, toy_release: Path, toy_manifest: Manifest, tmp_path: Path
) -> None:
    stale = tmp_path / ".release.partial/SmartGen/stale.pkl"
    stale.parent.mkdir(parents=True)
    stale.write_bytes(b"x")
    fetch(str(packed), tmp_path / "release", toy_manifest)
    assert _files(tmp_path / "release") == _files(toy_release)


def test_a_source_without_a_release_is_named(toy_manifest: Manifest, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(SmartgenError, match="empty: no release in it"):
        fetch(str(tmp_path / "empty"), tmp_path / "release", toy_manifest)
    with pytest.raises(SmartgenError, match="nowhere: no such file or folder; --source takes"):
        fetch(str(tmp_path / "nowhere"), tmp_path / "release", toy_manifest)
    assert [path.name for path in tmp_path.iterdir() if path.name != "toy_release"] == ["empty"]


class _Handler(BaseHTTPRequestHandler):
    """Serves one tarball: whole, or broken off in the middle."""

    def __init__(self, packed: Path, *args: object) -> None:
        self.packed = packed
        super().__init__(*args)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        content = self.packed.read_bytes()
        if self.path == "/absent":
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content if self.path == "/whole" else content[: len(content) // 2])

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def url(packed: Path) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, packed)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_over_http(url: str, toy_release: Path, toy_manifest: Manifest, tmp_path: Path) -> None:
    into = tmp_path / "release"
    with pytest.raises(SmartgenError, match="/half: "):
        fetch(f"{url}/half", into, toy_manifest)
    with pytest.raises(
        SmartgenError, match=r"/absent: download failed \(HTTP Error 404: Not Found\);.*`--source`"
    ):
        fetch(f"{url}/absent", into, toy_manifest)
    assert not into.exists()
    fetch(f"{url}/whole", into, toy_manifest)
    assert _files(into) == _files(toy_release)


def test_no_network_is_one_line_that_says_what_to_do(toy_manifest: Manifest, tmp_path: Path) -> None:
    with pytest.raises(SmartgenError, match=r"download failed \(.*refused\); .*`--source`") as caught:
        fetch("http://127.0.0.1:9/x.tar.gz", tmp_path / "release", toy_manifest)
    assert "\n" not in str(caught.value)


def test_the_packed_manifest_is_of_one_commit_and_survives_its_own_format() -> None:
    manifest = packed_manifest()
    assert default_source(manifest) == (
        "https://codeload.github.com/horizonsinzqs/SmartGen/tar.gz/c2ed36c3b63be7d48393deacc12a431d57cf4383"
    )
    assert len(manifest.files) == 3647
    assert Manifest.parse(manifest.format()) == manifest
    with pytest.raises(SmartgenError, match="line 2"):
        Manifest.parse("# source x\nnonsense\n")


def test_verification_counts_by_state(toy_release: Path, toy_manifest: Manifest) -> None:
    spring = toy_release / "SmartGen/IoT_data/toy/spring"
    (spring / "test.pkl").write_bytes(b"x")
    (spring / "trn.pkl").unlink()
    (toy_release / "LICENSE").unlink()
    (toy_release / "mine.md").write_text("x")
    found = verification(toy_release, toy_manifest, states(toy_release, toy_manifest))
    assert found.right == len(toy_manifest.files) - 3
    assert found.changed == ("SmartGen/IoT_data/toy/spring/test.pkl",)
    assert found.missing_by_top == {"LICENSE": 1, "SmartGen": 1}
    assert found.unlisted == 1


@pytest.mark.release
def test_part_of_the_release_packed_as_github_does(release: Path, tmp_path: Path) -> None:
    manifest = packed_manifest()
    source = tmp_path / "part.tar.gz"
    with tarfile.open(source, "w:gz", compresslevel=1) as archive:
        for name in ("LICENSE", "SmartGen/dictionary.json", "SmartGen/dictionary.py", "SmartGen/IoT_data/fr"):
            if (release / name).exists():
                archive.add(release / name, f"SmartGen-{manifest.commit}/{name}")
    done = fetch(str(source), tmp_path / "release", manifest)
    assert done.written
    assert all((tmp_path / "release" / n).read_bytes() == (release / n).read_bytes() for n in done.written)
    again = fetch(str(source), tmp_path / "release", manifest)
    assert set(again.kept) == set(done.written)


@pytest.mark.release
def test_no_file_of_the_release_is_changed(release: Path) -> None:
    manifest = packed_manifest()
    found = verification(release, manifest, states(release, manifest))
    assert found.changed == ()
    assert found.right > 3600


def test_what_no_checksum_is_known_for_is_never_replaced(
    toy_release: Path, toy_manifest: Manifest, tmp_path: Path
) -> None:
    into, name = tmp_path / "mine", "SmartGen/dictionary.json"
    (into / "SmartGen").mkdir(parents=True)
    (into / name).write_text("mine")
    listed = {path: checksum for path, checksum in toy_manifest.files.items() if path != name}
    done = fetch(str(toy_release), into, Manifest(toy_manifest.source, toy_manifest.commit, listed))
    assert (into / name).read_text() == "mine"
    assert name in done.kept
    assert set(done.written) == set(listed)
