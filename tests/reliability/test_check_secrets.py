"""Every coding and packing in which a secret may lie is searched."""

from __future__ import annotations

import gzip
import lzma
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from tests.reliability.planted import KEY
from tests.scripts import FOLDER, load


@pytest.fixture(scope="module")
def check_secrets() -> ModuleType:
    return load(FOLDER / "check_secrets.py")


@pytest.mark.parametrize("secret", [KEY, "ключ-из-других-букв-Ā0123456789"], ids=["ascii", "other letters"])
@pytest.mark.parametrize("code", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
def test_text_of_several_bytes_a_character_is_searched(
    check_secrets: ModuleType, tmp_path: Path, code: str, secret: str
) -> None:
    path = tmp_path / "some.txt"
    for part in (secret, secret[3:15], secret[::-1], secret.encode().hex()):
        path.write_bytes(f"x{part}y".encode(code))
        forms = {form for *_, form in check_secrets.search([path], {"k": secret}).finds}
        assert any(form.endswith(f", in {code.upper()[:6]}") for form in forms), part
    path.write_bytes(secret[: check_secrets.PART - 1].encode(code))
    assert check_secrets.search([path], {"k": secret}).finds == []


def test_texts_in_arrays_are_searched(check_secrets: ModuleType, tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "some.npz", texts=np.array(["on", f"key {KEY}"]))
    finds = check_secrets.search([tmp_path], {"k": KEY}).finds
    assert (f"{tmp_path}/some.npz: texts.npy", "k", "as it is, in UTF-32") in finds


def test_what_xz_packed_is_searched_to_its_last_stream(check_secrets: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "log.xz").write_bytes(lzma.compress(b"x" * 1000) + lzma.compress(KEY.encode()))
    finds = check_secrets.search([tmp_path], {"k": KEY}).finds
    assert (f"{tmp_path}/log.xz (unpacked)", "k", "as it is") in finds


def test_values_of_a_packed_database_are_searched(check_secrets: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "some.sqlite"
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE some (text)")
        database.execute("INSERT INTO some VALUES (?)", ("x" * 4070 + KEY * 200,))  # over several pages
        database.commit()
    with zipfile.ZipFile(tmp_path / "some.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(path, "inner.sqlite")
    path.unlink()
    finds = check_secrets.search([tmp_path], {"k": KEY}).finds
    assert (f"{tmp_path}/some.zip: inner.sqlite (values)", "k", "as it is") in finds


@pytest.mark.parametrize("kind", ["xz", "gz", "zip"])
def test_what_cannot_all_be_searched_is_no_clean_search(
    check_secrets: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    kind: str,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    path, plain = tmp_path / f"some.{kind}", bytes(range(256)) * 400
    if kind == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("inner", plain)
    else:
        path.write_bytes((lzma if kind == "xz" else gzip).compress(plain))
    assert check_secrets.main([str(path)]) == 0
    monkeypatch.setattr(check_secrets, "UNPACKED", len(plain) - 1)
    assert check_secrets.main([str(path)]) == 2
    assert f"{path}: holds over 102,399 bytes unpacked" in capsys.readouterr().err
    monkeypatch.undo()
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    if kind != "zip":
        path.write_bytes(path.read_bytes()[:-20])
        assert check_secrets.main([str(path)]) == 2
        assert f"{path}: cannot be unpacked (" in capsys.readouterr().err
