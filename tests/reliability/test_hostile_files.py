"""Files that a stranger may have made, one by one: refused in a line, within bounds of memory and time."""

from __future__ import annotations

import contextlib
import hashlib
import json
import pickle
import sqlite3
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import save

from smartgen.blueprint import Blueprint
from smartgen.core.errors import SmartgenError
from smartgen.core.foreign import DEEPEST, read_arrays, read_json
from smartgen.core.records import CASES_FILE, read_cases, read_record, read_records, write_cases, write_result
from smartgen.core.store import Store
from smartgen.core.types import Sequences
from smartgen.data.logs.mapping import load_mapping
from smartgen.data.plain_yaml import load_yaml
from smartgen.data.release import vocabulary_tables
from smartgen.data.vocabulary import Vocabulary
from smartgen.llm.cache import AnswerCache
from smartgen.llm.requests import Request
from smartgen.protocols.thresholds import Threshold
from smartgen.saved import Trained, load_model, save_models
from smartgen.settings import DetectorSettings, IsolationForestSettings, TrainerSettings, TransAESettings
from smartgen.settings import UnifiedProtocolSettings as Unified
from smartgen.tables.node import read_yaml
from tests.reliability.hostile import limited, watching

CPU = TrainerSettings(accelerator="cpu")
MILLION = "9" * 1_000_000


def deep(depth: int) -> str:
    return "[" * depth + "]" * depth


# JSON: records, notes and models


def record(outputs: Path, key: str = "abc") -> Path:
    blocks: dict[str, dict[str, Any]] = {name: {} for name in ("axes", "config", "metrics", "counts")}
    return write_result(outputs, key, blocks, {})


BAD_JSON = {
    "deep": deep(100_000),
    "deep in a table": '{"schema": 1, "key": "abc", "result": ' + '{"a":' * 50_000 + "1" + "}" * 50_001,
    "as deep as Python can": '{"schema": 1, "key": "abc", "result": ' + deep(900) + "}",
    "a number of a million digits": MILLION,
    "a million digits behind the point": f"0.{MILLION}",
    "an exponent without end": '{"schema": 1e999999999999}',
    "half a character": '"\ud800'[:-1] + '\\ud800"',
    "no number": '{"schema": NaN}',
    "nothing": "",
    "zeros": "\0" * 1000,
}


@pytest.mark.parametrize("what", BAD_JSON)
def test_json_that_breaks_readers_is_one_line(tmp_path: Path, what: str) -> None:
    path = record(tmp_path)
    path.write_text(BAD_JSON[what])
    with pytest.raises(
        SmartgenError, match=r"result\.json: .*run its cell again with force=true, or delete its folder$"
    ):
        read_records(tmp_path)
    model = tmp_path / "model.json"
    model.write_text(BAD_JSON[what])
    with pytest.raises(SmartgenError, match=r"model\.json: expected the JSON file of a saved model"):
        load_model(model)


def test_how_deep_a_file_may_be(tmp_path: Path) -> None:
    path = tmp_path / "some.json"
    for depth, fits in ((DEEPEST, True), (DEEPEST + 1, False)):
        path.write_text(deep(depth))
        if fits:
            assert json.dumps(read_json(path)) == deep(depth)
        else:
            with pytest.raises(ValueError, match=rf"some\.json is nested over {DEEPEST} deep"):
                read_json(path)
    path.write_text(json.dumps({"text": "[" * 1000 + "{" * 1000, "rows": [{}] * 1000}))
    assert len(read_json(path)["rows"]) == 1000
    path.write_text(" null ")
    assert read_json(path) is None


def test_a_link_as_a_record_is_read_and_never_written_through(tmp_path: Path) -> None:
    outputs, elsewhere = tmp_path / "outputs", tmp_path / "elsewhere.json"
    path = record(outputs)
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    before = elsewhere.read_bytes()
    assert read_record(outputs, "abc") is not None
    write_result(outputs, "abc", {name: {"a": 1} for name in ("axes", "config", "metrics", "counts")}, {})
    assert elsewhere.read_bytes() == before
    assert not path.is_symlink()


# Arrays: cases and the cache of stages


def npz(path: Path, members: dict[str, bytes], packed: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", packed) as archive:
        for name, raw in members.items():
            archive.writestr(name, raw)
    return path


def npy(shape: str, kind: str = "<i8", data: bytes = b"") -> bytes:
    header = f"{{'descr': {kind!r}, 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + data


class _Runs:
    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return Path.touch, ("canary",)  # type: ignore[return-value]


def bad_arrays(folder: Path) -> list[str]:
    """Names of files that are no arrays, or too many."""
    pickled = folder / "pickled.npy"
    np.save(pickled, np.array([_Runs()], dtype=object), allow_pickle=True)
    files: dict[str, dict[str, bytes]] = {
        "a trillion": {"values.npy": npy("(1000000000000,)")},
        "a trillion of nothing": {"values.npy": npy("(1000000000000,)", "|S0")},
        "more than a number holds": {"values.npy": npy("(9999999999999999999999,)")},
        "a negative shape": {"values.npy": npy("(-4,)")},
        "a shape that computes": {"values.npy": npy("(__import__('os').getpid(),)")},
        "a shape without end": {"values.npy": npy("(" * 5000 + ")" * 5000)},
        "a header of four gigabytes": {"values.npy": b"\x93NUMPY\x02\x00" + b"\xff" * 4 + b"x"},
        "pickled": {"values.npy": pickled.read_bytes()},
        "no array": {"values.npy": b"hello"},
        "a way up": {"../values.npy": npy("(1,)", data=bytes(8))},
        "of texts": {name: npy("(2,)", "<U1", bytes(8)) for name in ("values.npy", "offsets.npy")},
        "of one number": {name: npy("()", data=bytes(8)) for name in ("values.npy", "offsets.npy")},
    }
    for name, members in files.items():
        npz(folder / f"{name}.npz", members)
    bomb = npz(folder / "bomb.npz", {"values.npy": npy("(8388608,)", data=bytes(64 << 20))})
    raw = bomb.read_bytes()  # 64 MB are told as 4 GB, and as 100 bytes
    size = ((64 << 20) + len(npy("(8388608,)"))).to_bytes(4, "little")
    (folder / "told as little.npz").write_bytes(raw.replace(size, (100).to_bytes(4, "little")))
    (folder / "told as much.npz").write_bytes(raw.replace(size, (2**32 - 5).to_bytes(4, "little")))
    (folder / "damaged.npz").write_bytes(raw[:200] + b"\xff" * 50 + raw[250:])
    (folder / "a npy.npz").write_bytes(npy("(1,)", data=bytes(8)))
    (folder / "locked.npz").write_bytes(
        raw.replace(b"PK\x03\x04\x14\x00\x00\x00", b"PK\x03\x04\x14\x00\x01\x00")
    )
    return [f"{name}.npz" for name in files] + [
        *("bomb.npz", "told as little.npz", "told as much.npz", "damaged.npz", "a npy.npz", "locked.npz")
    ]  # fmt: skip


def test_arrays_of_strangers_are_made_anew(tmp_path: Path) -> None:
    """A stage's cache takes none of them, whatever it is; nothing is unpickled, and little memory taken."""
    names = bad_arrays(tmp_path)
    imports = "from smartgen.core.store import load_sequences"
    attempt = "(_ for _ in ()).throw(SmartgenError('made anew')) if not readable(folder / name) else 'read'"
    helper = (
        "\ndef readable(path):\n    try:\n        load_sequences(path)\n"
        "    except (OSError, ValueError, KeyError):\n        return False\n    return True\n"
    )
    found = limited(tmp_path, names, attempt, imports + helper, megabytes=150, seconds=40)
    assert {name: told for name, (told, *_) in found.items() if told != "refused"} == {}
    assert not (Path.cwd() / "canary").exists()


def test_a_cache_of_a_stage_that_is_damaged_is_made_anew(tmp_path: Path) -> None:
    store, made = Store(tmp_path), Sequences.from_lists([[0, 1, 2, 3]])
    assert store.sequences("tss", "key", lambda: made) == made
    path = tmp_path / "tss/key/sequences.npz"
    for raw in (
        b"",
        b"PK\x03\x04",
        npy("(1,)"),
        npz(tmp_path / "x.npz", {"values.npy": npy("()")}).read_bytes(),
    ):
        path.write_bytes(raw)
        assert store.sequences("tss", "key", lambda: made) == made
        assert len(read_arrays(path)) == 2


def test_cases_of_strangers_are_one_line(tmp_path: Path) -> None:
    digest = write_cases(tmp_path, "abc", {"hits": np.arange(3)})
    blocks: dict[str, Any] = {name: {} for name in ("axes", "config", "metrics", "counts")}
    write_result(tmp_path, "abc", blocks | {"cases": digest}, {})
    found = read_record(tmp_path, "abc")
    assert found is not None
    assert read_cases(found)["hits"].tolist() == [0, 1, 2]
    for name in bad_arrays(tmp_path):
        if name in ("bomb.npz", "a trillion.npz"):  # within the limit: tried above, where memory is limited
            continue
        (found.path / CASES_FILE).write_bytes((tmp_path / name).read_bytes())
        with pytest.raises(SmartgenError, match=r"cases\.npz: (no readable|not the) cases"):
            read_cases(found)


# YAML: mappings of logs, declarations of tables

LAUGHS = "a0: &a0 [lol]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 12))
MERGES = "a0: &a0 {x: 1}\n" + "".join(
    f"a{i}: &a{i}\n  <<: [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 12)
)
BAD_YAML = {
    "a billion laughs": f"{LAUGHS}columns: *a11\n",
    "a billion laughs as a name": f"{LAUGHS}columns: {{time: *a11, device: d, action: a}}\n",
    "a billion laughs as a key": f"{LAUGHS}? *a11\n: 1\n",
    "merges of merges": f"{MERGES}columns: *a11\n",
    "itself": "columns: &a {time: *a, device: d, action: a}\n",
    "deep lists": "columns: " + "[" * 100_000,
    "deep tables": "columns: " + "{a: " * 100_000,
    "deep rows": "- " * 100_000,
    "deep keys": "? " * 100_000,
    "code": "columns: !!python/object/apply:os.system ['touch canary']\n",
    "code, newly made": "columns: !!python/object/new:os.system ['touch canary']\n",
    "a class": "columns: !!python/name:os.system ''\n",
    "a module": "columns: !!python/module:os ''\n",
    "a number of a million digits": f"columns: {MILLION}\n",
    "a base 60 of a million digits": f"columns: {'1:' * 300_000}1\n",
    "a date that there is not": "columns: 2024-99-99\n",
    "control characters": "columns: \x1b[31m\n",
}


@pytest.mark.parametrize("what", BAD_YAML)
def test_yaml_of_strangers_is_one_short_line(tmp_path: Path, what: str) -> None:
    path = tmp_path / "some.yaml"
    path.write_text(BAD_YAML[what])
    with watching() as acts, pytest.raises(SmartgenError, match=r"some\.yaml: ") as caught:
        load_mapping(str(path))
    assert not [act for act in acts if act.startswith(("os.system", "subprocess"))]
    assert len(str(caught.value)) < 400 + len(str(path))
    with pytest.raises(SmartgenError, match=r"some\.yaml: "):
        read_yaml(path).fields(["title"], ["columns"])["title"].text()
    assert not (Path.cwd() / "canary").exists()


def test_yaml_as_people_write_it() -> None:
    assert load_yaml("a: &x [1, 2]\nb: *x\nc: {d: [on, 'on', 2024-01-01]}")["b"] == [1, 2]
    assert load_yaml("\n".join(f"- [{i}, {{a: [{i}]}}]" for i in range(500)))[499] == [499, {"a": [499]}]


def test_a_vocabulary_in_python_is_not_executed(tmp_path: Path) -> None:
    folder = tmp_path / "SmartGen"
    folder.mkdir()
    source = "toy_actions = {'a': 0}\nimport os\nos.system('touch canary')\nx = __import__('os').getpid()\n"
    (folder / "dictionary.py").write_text(source)
    with watching() as acts:
        assert dict(vocabulary_tables(tmp_path)) == {"toy_actions": {"a": 0}}
    assert not [act for act in acts if act.startswith(("os.", "exec", "import"))]
    for bad in ("x = " + "(" * 10_000, "x = " + "-" * 100_000 + "1", "x = " + "1+" * 100_000 + "1"):
        (folder / "dictionary.py").write_text(bad)
        with contextlib.suppress(SmartgenError):  # or one line: it depends on Python's version
            assert vocabulary_tables(tmp_path) == {}


# Weights with code, and models out of proportion


def kept(outputs: Path, design: Blueprint, train: Sequences) -> Path:
    """The JSON file of a model that a cell kept."""
    model = design.make().fit([train])
    save_models(outputs, "cell", {}, [Trained("model", model, design, Threshold(0.5, strict=True))])
    return outputs / "runs/cell/models/model.json"


@pytest.fixture
def model(tmp_path: Path, toy_vocabulary: Vocabulary, toy_sequences: Sequences) -> Path:
    settings = TransAESettings("transae", d_model=8, heads=2, layers=1, epochs=1)
    return kept(tmp_path, Blueprint("detector", toy_vocabulary, settings, 1, CPU, field=3), toy_sequences)


def changed(model: Path, name: str, value: Any) -> None:
    """The model's JSON file with one value in place of another, by dotted name."""
    told = json.loads(model.read_text())
    *above, last = name.split(".")
    place = told
    for part in above:
        place = place[part]
    place[last] = value
    model.write_text(json.dumps(told))


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("model.settings.d_model", 10**9, "d_model is 1000000000"),
        ("model.settings.d_model", 30_000, "it asks for some 900,000,000 numbers"),
        ("model.settings.d_model", -8, "d_model is -8"),
        ("model.settings.d_model", 8.0, "d_model is 8.0"),
        ("model.settings.heads", 10**12, "heads is 1000000000000"),
        ("model.settings.layers", 10**9, "layers is 1000000000"),
        ("model.members", 10**9, "members is 1000000000"),
        ("model.trainer.threads", 10**9, "trainer.threads is 1000000000"),
        ("model.trainer.threads", 0, "trainer.threads is 0"),
        ("model.settings.name", "../../evil", "expected one of lof"),
        ("model.settings.name", "os:system", "expected one of lof"),
        ("model.settings.class", "Path", "settings.class is 'Path', expected one of"),
        ("model.settings.class", "__import__", "settings.class is '__import__'"),
        ("model.kind", "os", "kind is 'os', expected one of detector"),
        ("model.settings.extra", 1, "unexpected keyword"),
        ("model.vocabulary.devices", 5, "no model can be made of it"),
    ],
)
def test_a_model_s_file_names_what_there_is_in_proportion(
    model: Path, name: str, value: Any, told: str
) -> None:
    changed(model, name.replace("model.members", "members"), value)
    with watching() as acts, pytest.raises(SmartgenError, match=r"model\.json: .*") as caught:
        load_model(model)
    assert told in str(caught.value)
    assert not [act for act in acts if act.startswith(("os.system", "subprocess", "socket"))]


def test_a_forest_of_a_billion_trees_is_not_grown(
    tmp_path: Path, toy_vocabulary: Vocabulary, toy_sequences: Sequences
) -> None:
    trees = IsolationForestSettings("isolation_forest", trees=5)
    forest = Blueprint("detector", toy_vocabulary, trees, 1, CPU, Unified("unified"))
    path = kept(tmp_path, forest, toy_sequences)
    assert len(load_model(path).score(toy_sequences)) == len(toy_sequences)
    changed(path, "model.settings.trees", 10**9)
    with pytest.raises(SmartgenError, match="trees is 1000000000, expected 1 to 10,000"):
        load_model(path)


def test_weights_that_hold_code_are_not_read(model: Path, tmp_path: Path) -> None:
    weights = model.with_suffix(".safetensors")
    torch.save({"a": _Runs()}, tmp_path / "evil.pt")
    huge = {"a": {"dtype": "F32", "shape": [10**12], "data_offsets": [0, 4 * 10**12]}}
    foreign = {
        "a checkpoint of torch": (tmp_path / "evil.pt").read_bytes(),
        "a pickle": pickle.dumps(_Runs()),
        "a header of exabytes": (2**60).to_bytes(8, "little") + b"{}",
        "a header beyond the file": (10**8).to_bytes(8, "little") + b"{" * 1000,
        "a tensor beyond the file": b"\x60\0\0\0\0\0\0\0" + json.dumps(huge).encode().ljust(96),
        "a deep header": (100_000).to_bytes(8, "little") + b"[" * 100_000,
        "a tensor of no size": save({"network.embedding.weight": np.zeros((0, 8), np.float32)}),
    }  # fmt: skip
    for name, raw in foreign.items():
        weights.write_bytes(raw)
        changed(model, "sha256", hashlib.sha256(raw).hexdigest())
        with watching() as acts, pytest.raises(SmartgenError, match=r"model\.(safetensors|json): .*"):
            load_model(model)
        assert not [act for act in acts if act.startswith(("os.", "subprocess"))], name
    assert not (Path.cwd() / "canary").exists()


def test_a_model_s_name_is_no_path(model: Path, toy_sequences: Sequences) -> None:
    changed(model, "key", "../../../../canary")
    changed(model, "axes", {"dataset": "../../x"})
    loaded = load_model(model)
    assert len(loaded.score(toy_sequences)) == len(toy_sequences)
    assert loaded.key == "../../../../canary"  # told, and nothing is opened by it


# Answers of LLMs


ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"


def test_answers_of_strangers_are_one_line(tmp_path: Path) -> None:
    request = Request("here", "m", ({"role": "user", "content": "x"},), {})
    for name, statement in {
        "a view": f"CREATE VIEW answers AS {ENDLESS} SELECT i AS key FROM n",
        "other columns": "CREATE TABLE answers (key)",
    }.items():
        path = tmp_path / f"{name}.sqlite"
        with sqlite3.connect(path) as connection:
            connection.execute(statement)
        connection.close()
        with pytest.raises(SmartgenError, match=rf"{name}\.sqlite: expected a database of answers"):
            AnswerCache(path).get([request])


def test_a_simple_detector_is_what_all_of_this_is_about(
    tmp_path: Path, toy_vocabulary: Vocabulary, toy_sequences: Sequences
) -> None:
    """The bounds let through what cells keep."""
    design = Blueprint("detector", toy_vocabulary, DetectorSettings("seen"), 1, CPU, Unified("unified"))
    assert load_model(kept(tmp_path, design, toy_sequences)).flags(toy_sequences).tolist() == [False] * 5
