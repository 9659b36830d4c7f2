"""What fuzzing found, each as the smallest case that showed it."""

import gzip
import json
import os
import pickle
import sqlite3
import tarfile
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from openai._models import construct_type
from openai.types.chat import ChatCompletion

from smartgen.commands.score import main as score
from smartgen.core.errors import SmartgenError
from smartgen.core.foreign import read_arrays
from smartgen.core.records import read_records, result_digest, write_result
from smartgen.core.store import ARRAYS_FILE, Store
from smartgen.core.types import Sequences
from smartgen.data.logs.log import read_log
from smartgen.data.release import read_vocabulary
from smartgen.data.sources import opened
from smartgen.data.unpickle import load_pickle
from smartgen.data.vocabulary import Vocabulary
from smartgen.llm.batch import read_line
from smartgen.llm.cache import FILE, AnswerCache
from smartgen.llm.client import checked
from smartgen.llm.requests import Answer, Request
from smartgen.llm.shifts import read_shifts
from smartgen.logs_settings import LogsSettings
from smartgen.saved import load_model
from smartgen.scoring.answers import Models
from smartgen.scoring.session import Session, written
from smartgen.sweeps.journal import Event, JournalReader, write_event
from smartgen.sweeps.known import chosen_folders, fingerprint, fingerprints, recorded_key, remember
from tests.conftest import completion
from tests.scripts import FOLDER


def test_a_large_file_that_is_not_there_is_not_skipped_block_by_block(tmp_path: Path) -> None:
    member = tarfile.TarInfo("SmartGen/IoT_data/x.pkl")
    member.size = 8 << 30
    file = tmp_path / "release.tar.gz"
    file.write_bytes(gzip.compress(member.tobuf() + b"x"))
    before = time.process_time()
    with pytest.raises(SmartgenError, match="not a whole"), opened(str(file)) as members:
        list(members)
    assert time.process_time() - before < 1


def test_ids_with_a_hole_name_the_release(tmp_path: Path) -> None:
    (tmp_path / "SmartGen").mkdir()
    tables = {"toy_devices_dict": {"Fan": 0, "Light": 2}, "toy_actions": {"Fan:on": 0}}
    (tmp_path / "SmartGen/dictionary.json").write_text(json.dumps(tables))
    with pytest.raises(SmartgenError, match=r"dataset 'toy': the device ids .* must be 0 to 1") as told:
        read_vocabulary(tmp_path, "toy")
    assert str(told.value).startswith(str(tmp_path))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
def test_a_record_with_a_number_that_json_does_not_know(tmp_path: Path, number: str) -> None:
    blocks = {"axes": {}, "config": {}, "metrics": {"f1": 0.25}, "counts": {}}
    file = write_result(tmp_path, "key", blocks, {})
    file.write_text(file.read_text().replace("0.25", number))
    with pytest.raises(SmartgenError, match=rf"result\.json: .*{number} is no finite number"):
        read_records(tmp_path)


def test_a_setting_with_half_a_character_is_recorded(tmp_path: Path) -> None:
    told = {"path": "log\udcff.csv", "note": "ö"}  # as the command line gives the name of a file in Latin-1
    write_result(tmp_path, "key", {"axes": {}, "config": told, "metrics": {}, "counts": {}}, {})
    (record,) = read_records(tmp_path)
    assert record.config == told
    assert len(result_digest(record)) == 64


def test_an_input_whose_name_is_no_utf_8_is_noted(tmp_path: Path) -> None:
    log = Path(os.fsdecode(os.fsencode(tmp_path) + b"/log\xff.csv"))
    log.write_text("x")
    write_result(tmp_path, "key", {"axes": {}, "config": {}, "metrics": {}, "counts": {}}, {})
    remember(tmp_path, ("seed=1",), "key", fingerprints([log]))
    assert recorded_key(tmp_path, ("seed=1",)) == "key"


@pytest.mark.parametrize("text", ["01", "i4,f8", "(2)i4", "1" * 50, "i4\n", "\u0661"])
def test_a_type_of_numpy_is_a_plain_code(tmp_path: Path, text: str) -> None:
    file = tmp_path / "array.pkl"
    file.write_bytes(pickle.dumps(np.arange(3, dtype="<i4"), 4).replace(b"\x8c\x02i4", short(text)))
    with pytest.raises(SmartgenError, match=r"refused to load numpy\.dtype"):
        load_pickle(file)


def short(text: str) -> bytes:
    """A text as a pickle has it."""
    raw = text.encode()
    return b"\x8c" + bytes([len(raw)]) + raw


def test_an_entry_of_an_archive_that_swallows_the_next_is_damage(tmp_path: Path) -> None:
    made = Sequences(np.zeros((2, 4), np.int32), np.array([0, 2]), np.array([7, 8]))
    store = Store(tmp_path)
    store.sequences("tss", "key", lambda: made)
    (file,) = tmp_path.rglob("*.npz")
    content = bytearray(file.read_bytes())
    entries = [place for place in range(len(content)) if content[place : place + 4] == b"PK\1\2"]
    assert len(entries) == 3
    content[entries[1] + 32] = (
        len(content) - 22 - entries[2]
    )  # the length of a comment: all of the third entry
    file.write_bytes(content)
    with zipfile.ZipFile(file) as archive:
        assert archive.namelist() == ["values.npy", "offsets.npy"]
    assert store.sequences("tss", "key", lambda: made).times is not None


@pytest.mark.parametrize("kind", ["(,2)i4", "(,)i4"])
def test_an_array_whose_type_is_no_type_is_damage(tmp_path: Path, kind: str) -> None:
    header = f"{{'descr': {kind!r}, 'fortran_order': False, 'shape': (1,), }}".encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr(
            "x.npy", b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + b"1" * 9
        )
    with pytest.raises(ValueError, match=r"x\.npz"):
        read_arrays(tmp_path / "x.npz")


def test_an_archive_of_nothing_is_damage(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.arrays("tof", "k", lambda: {"kept": np.arange(3)})
    with zipfile.ZipFile(tmp_path / "tof" / "k" / ARRAYS_FILE, "w"):
        pass
    assert store.arrays("tof", "k", lambda: {"kept": np.arange(2)})["kept"].tolist() == [0, 1]


def test_a_literal_with_a_list_as_a_key_is_no_table(tmp_path: Path) -> None:
    (tmp_path / "SmartGen").mkdir()
    code = "other = {[]: 1}\ntoy_devices_dict = {'Fan': 0}\ntoy_actions = {'Fan:on': 0}\n"
    (tmp_path / "SmartGen/dictionary.py").write_text(code)
    assert read_vocabulary(tmp_path, "toy").devices == ("Fan",)


def damaged_schema(path: Path) -> None:
    """A schema whose text is broken by a byte that is no UTF-8, so that SQLite's complaint is none either."""
    content = path.read_bytes()
    start = content.index(b"CREATE TABLE")
    path.write_bytes(content[:start] + b"CREATE TABLE \xff(" + content[start + 14 :])


def test_a_recorder_s_fault_told_with_damaged_bytes(tmp_path: Path) -> None:
    file = tmp_path / "home-assistant_v2.db"
    with sqlite3.connect(file) as database:
        database.execute("CREATE TABLE states (state_id INTEGER, state TEXT)")
    database.close()
    damaged_schema(file)
    with pytest.raises(SmartgenError, match=r"home-assistant_v2\.db: cut off or damaged"):
        read_log(LogsSettings(name="logs", path=str(file), zone="UTC"))


REQUEST = Request("http://127.0.0.1/v1", "m", ({"role": "user", "content": "x"},), {"seed": 1})


def cache_with(tmp_path: Path, statement: str, *values: Any) -> AnswerCache:
    """A cache of one answer and one batch, on which the statement was run."""
    cache = AnswerCache(tmp_path / FILE)
    cache.put(REQUEST, Answer("[[]]", "stop", 10, 5, 0.5))
    cache.add_batch("batch-1", REQUEST.provider, [REQUEST])
    with sqlite3.connect(tmp_path / FILE) as database:
        database.execute(statement, values)
    database.close()
    return AnswerCache(tmp_path / FILE)


@pytest.mark.parametrize("column", ["prompt_tokens", "text", "seconds"])
def test_an_answer_of_other_types_is_not_handed_out(tmp_path: Path, column: str) -> None:
    cache = cache_with(tmp_path, f"UPDATE answers SET {column} = ?", b"x")
    with pytest.raises(SmartgenError, match=r"answers\.sqlite: .*values of other types"):
        cache.get([REQUEST])


@pytest.mark.parametrize("requests", ["", "7", "[7]", '[{"messages": []}]', "[" * 5000])
def test_a_batch_whose_requests_are_damaged(tmp_path: Path, requests: str) -> None:
    cache = cache_with(tmp_path, "UPDATE batches SET requests = ?", requests)
    with pytest.raises(SmartgenError, match=r"answers\.sqlite: .*a batch whose requests cannot be read"):
        cache.batches(REQUEST.provider)


def test_a_cache_s_fault_told_with_damaged_bytes(tmp_path: Path) -> None:
    cache = cache_with(tmp_path, "PRAGMA wal_checkpoint(TRUNCATE)")
    damaged_schema(tmp_path / FILE)
    with pytest.raises(SmartgenError, match=r"answers\.sqlite: expected a database of answers"):
        cache.get([REQUEST])


def test_a_cache_that_keeps_nothing(tmp_path: Path) -> None:
    cache = cache_with(tmp_path, "DELETE FROM answers")
    with sqlite3.connect(tmp_path / FILE) as database:
        database.execute("CREATE TRIGGER gone AFTER INSERT ON answers BEGIN DELETE FROM answers; END")
    database.close()
    with pytest.raises(SmartgenError, match=r"answers\.sqlite: .* is not there"):
        cache.put(REQUEST, Answer("[[]]", "stop", 10, 5, 0.5))


def test_a_cache_that_holds_an_answer_of_other_types_already(tmp_path: Path) -> None:
    cache = cache_with(tmp_path, "UPDATE answers SET seconds = 'long'")
    with pytest.raises(SmartgenError, match=r"answers\.sqlite: .* values of other types"):
        cache.put(REQUEST, Answer("[[]]", "stop", 10, 5, 0.5))


def test_a_cache_of_which_sqlite_says_that_memory_is_short(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def short(*_: object) -> None:
        raise MemoryError  # as of a length of 2^64 bytes on a damaged page

    cache = cache_with(tmp_path, "PRAGMA wal_checkpoint(TRUNCATE)")
    monkeypatch.setattr("smartgen.llm.cache._durable", short)
    with pytest.raises(SmartgenError, match=r"answers\.sqlite: expected a database .* \(MemoryError\)"):
        cache.get([REQUEST])


def test_a_number_of_thousands_of_digits_in_an_answer() -> None:
    assert read_shifts('{"a": ' + "9" * 5000 + '} {"devices": {"Fan": "less"}}', ("Fan",)) is not None


def test_a_line_of_a_batch_that_nests_without_end() -> None:
    assert read_line("[" * 100_000) == ("", "a line that is no JSON object with a custom_id")


@pytest.mark.parametrize("count", [2**63, -1])
def test_tokens_that_no_column_holds(count: int) -> None:
    reply = completion("[[]]")
    reply["usage"]["prompt_tokens"] = count
    with pytest.raises(ValueError, match="values of other types"):
        checked(construct_type(type_=ChatCompletion, value=reply), 1.0)


def test_half_a_character_as_the_reason_to_finish_can_be_kept(tmp_path: Path) -> None:
    answer = checked(construct_type(type_=ChatCompletion, value=completion("[[]]", "st\ud800p")), 1.0)
    assert AnswerCache(tmp_path / FILE).put(REQUEST, answer).finish_reason == "st?p"


@pytest.mark.parametrize("damage", [{"key": "x" * 300}, {"inputs": {"x" * 5000: "0"}}])
def test_a_note_with_a_name_that_no_file_can_have(tmp_path: Path, damage: dict[str, Any]) -> None:
    cell = ("seed=1",)
    write_result(tmp_path, "key", {name: {} for name in ("axes", "config", "metrics", "counts")}, {})
    remember(tmp_path, cell, "key", fingerprints([]))
    (note,) = (tmp_path / "cache").rglob("*.json")
    note.write_text(json.dumps(json.loads(note.read_text()) | damage))
    fingerprint.cache_clear()
    assert recorded_key(tmp_path, cell) is None
    assert chosen_folders()


@pytest.mark.parametrize(
    "damage",
    [
        {"host": ["h"]},
        {"bad_input": 0.5},
        {"plan": 7},
        {"cell": [7]},
        {"cell": [["seed=1"]]},
        {"process": 2**63},
        {"process": -1},
        {"kind": None},
    ],
)
def test_an_event_of_other_types_is_none(tmp_path: Path, damage: dict[str, Any]) -> None:
    write_event(tmp_path, Event("begun", ("seed=1",)))
    (file,) = tmp_path.glob("*.jsonl")
    line = json.dumps(json.loads(file.read_text()) | damage)
    with file.open("a") as journal:
        journal.write(line + "\n")
    write_event(tmp_path, Event("done", ("seed=1",)))
    assert [event.kind for event in JournalReader(tmp_path).news()] == ["begun", "done"]


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Trained models by name: their JSON files."""
    monkeypatch.syspath_prepend(FOLDER)
    from fuzzing.readers.trained import kept as trained  # type: ignore[import-not-found,unused-ignore]

    return lambda name: trained(tmp_path, name)


def altered(file: Path, **other: Any) -> Path:
    file.write_text(json.dumps(json.loads(file.read_text()) | other))
    return file


@pytest.mark.parametrize(
    ("name", "other", "told"),
    [
        ("seen", {"zone": 7}, "key, zone, devices and actions are texts"),
        ("seen", {"axes": "none"}, "axes a table"),
        ("seen", {"threshold": {"value": "0.5"}}, "its threshold is '0.5', expected a number"),
        ("seen", {"threshold": {"value": None}}, "its threshold is None, expected a number"),
    ],
)
def test_a_model_with_something_of_another_type(kept: Any, name: str, other: Any, told: str) -> None:
    with pytest.raises(SmartgenError, match=told):
        load_model(altered(kept(name), **other))


def with_weights(file: Path, alter: Any) -> Path:
    """The model with other weights, which its checksum fits."""
    import hashlib

    from safetensors.numpy import load, save

    weights = file.with_suffix(".safetensors")
    arrays = load(weights.read_bytes())
    alter(arrays)
    weights.write_bytes(save(arrays))
    return altered(file, sha256=hashlib.sha256(weights.read_bytes()).hexdigest())


def test_weights_of_other_sizes_fail_when_they_are_loaded(kept: Any) -> None:
    def cut(arrays: dict[str, Any]) -> None:
        for name, array in arrays.items():
            arrays[name] = array[..., :1].copy() if array.ndim > 1 else array

    with pytest.raises(SmartgenError, match="no model can be made of it"):
        load_model(with_weights(kept("hmm"), cut))


def test_shares_that_are_no_numbers_are_no_answer(kept: Any) -> None:
    def spoil(arrays: dict[str, Any]) -> None:
        for name, array in arrays.items():
            if array.dtype.kind == "f":
                arrays[name] = array * float("nan")

    model = load_model(with_weights(kept("markov"), spoil))
    answer = Session(Models.of([model])).answer(b'{"day": 0, "hour": 0, "action": "Light:on"}')
    assert "shares that are no numbers" in answer["error"]
    assert written(answer).count(b"\n") == 1


def test_a_model_s_unknown_zone_is_not_told_as_the_command_s(
    kept: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    file = altered(kept("seen"), zone="Muvope/Berlin")
    assert score([str(file), "--input", "/dev/null"]) == 2
    assert "the model's zone 'Muvope/Berlin' is no time zone here" in capsys.readouterr().err


def test_a_sound_model_still_loads(kept: Any, toy_vocabulary: Vocabulary, toy_sequences: Sequences) -> None:
    model = load_model(kept("hmm"))
    assert model.vocabulary == toy_vocabulary
    assert model.score(toy_sequences).shape == (5, 6)
