from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartgen.core.errors import SmartgenError
from smartgen.core.types import Sequences
from smartgen.data.release import (
    check_ids,
    context_file,
    contexts,
    datasets,
    parts,
    read_part,
    read_sequences,
    read_vocabulary,
    release_root,
)
from smartgen.data.vocabulary import Vocabulary

behaviors = st.tuples(st.integers(0, 6), st.integers(0, 7), st.integers(0, 2), st.integers(0, 5))
rows = st.lists(st.lists(behaviors, max_size=4).map(lambda row: [number for b in row for number in b]))


def _pickle(path: Path, value: object) -> Path:
    path.write_bytes(pickle.dumps(value))
    return path


def test_root_is_the_argument_then_the_environment_then_the_folder_release(
    toy_release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SMARTGEN_RELEASE", raising=False)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SmartgenError, match=r"release: no release here .*smartgen-data fetch"):
        release_root()
    (tmp_path / "release").symlink_to(toy_release)
    assert release_root() == Path("release")
    monkeypatch.setenv("SMARTGEN_RELEASE", str(toy_release))
    assert release_root() == toy_release
    with pytest.raises(SmartgenError, match="elsewhere"):
        release_root(tmp_path / "elsewhere")


def test_a_dataset_needs_a_folder_and_a_vocabulary(toy_release: Path) -> None:
    (toy_release / "SmartGen/IoT_data/without_tables").mkdir()
    (toy_release / "SmartGen/IoT_data/a_file").touch()
    assert datasets(toy_release) == ["toy"]
    with pytest.raises(SmartgenError, match=r"no dataset 'other'.*it has toy"):
        contexts(toy_release, "other")
    with pytest.raises(SmartgenError, match=r"no table 'other_devices_dict'.*: toy"):
        read_vocabulary(toy_release, "other")


def test_parts_leave_out_a_target_contexts_leftover_training_set(toy_release: Path) -> None:
    assert contexts(toy_release, "toy") == ["winter", "spring"]
    assert parts(toy_release, "toy", "winter") == ["trn", "split_trn"]
    assert parts(toy_release, "toy", "spring") == ["test"]


def test_off_actions_default_to_names_that_end_in_off(toy_release: Path, toy_vocabulary: Vocabulary) -> None:
    assert read_vocabulary(toy_release, "toy") == toy_vocabulary


def test_off_actions_are_the_listed_ids_that_exist(toy_release: Path) -> None:
    path = toy_release / "SmartGen/dictionary.json"
    tables = json.loads(path.read_text())
    tables["toy_actions_off"] = {"Fan:off": 0, "Oven:off": 3, "Beyond:off": 6}
    path.write_text(json.dumps(tables))
    assert read_vocabulary(toy_release, "toy").off_actions == {0, 3}


def _as_python(root: Path, extra: str = "") -> Path:
    """Replace the JSON vocabulary by the public repository's form."""
    json_path = root / "SmartGen/dictionary.json"
    tables = json.loads(json_path.read_text())
    json_path.unlink()
    path = json_path.with_suffix(".py")
    path.write_text("\n".join([*(f"{name} = {table!r}" for name, table in tables.items()), extra]))
    return path


def test_python_vocabulary_equals_the_json_one(toy_release: Path, toy_vocabulary: Vocabulary) -> None:
    _as_python(toy_release)
    assert read_vocabulary(release_root(toy_release), "toy") == toy_vocabulary


def test_python_vocabulary_is_never_executed(toy_release: Path, toy_vocabulary: Vocabulary) -> None:
    mark = toy_release / "ran"
    code = f"""
import os
os.system("touch {mark}")
open({str(mark)!r}, "w")
noise = eval("open({str(mark)!r}, 'w')")
more = {{"a": open({str(mark)!r}, "w")}}
def f(x=open({str(mark)!r}, "w")): pass
class C: open({str(mark)!r}, "w")
"""
    _as_python(toy_release, code)
    assert read_vocabulary(toy_release, "toy") == toy_vocabulary
    assert not mark.exists()


def test_a_computed_table_counts_as_absent(toy_release: Path) -> None:
    _as_python(toy_release, 'toy_actions = dict(zip(["x"], [0]))')
    assert datasets(toy_release) == []
    with pytest.raises(SmartgenError, match="no table 'toy_actions'"):
        read_vocabulary(toy_release, "toy")


@pytest.mark.parametrize("content", ["{", "toy = {", "[1]", "x\0", "(" * 10_000])
@pytest.mark.parametrize("name", ["dictionary.json", "dictionary.py"])
def test_a_damaged_vocabulary_is_named(toy_release: Path, content: str, name: str) -> None:
    (toy_release / "SmartGen/dictionary.json").unlink()
    (toy_release / "SmartGen" / name).write_text(content)
    if (name, content) == ("dictionary.py", "[1]"):  # a file of Python without any table
        assert datasets(toy_release) == []
        return
    with pytest.raises(SmartgenError, match=name):
        datasets(toy_release)


def test_ids_with_a_hole_are_refused(toy_release: Path) -> None:
    tables = {"toy_devices_dict": {"Fan": 0, "Heater": 2}, "toy_actions": {"Fan:on": 0}}
    (toy_release / "SmartGen/dictionary.json").write_text(json.dumps(tables))
    with pytest.raises(SmartgenError, match="device ids"):
        read_vocabulary(toy_release, "toy")


@given(flat=rows)
def test_sequences_come_back_from_every_layout(
    tmp_path_factory: pytest.TempPathFactory, flat: list[list[int]]
) -> None:
    path = tmp_path_factory.getbasetemp() / "rows.pkl"
    for value in (
        flat,
        tuple(map(tuple, flat)),
        [np.array(r, int) for r in flat],
        [list(map(np.int64, r)) for r in flat],
    ):
        assert read_sequences(_pickle(path, value)) == Sequences.from_lists(flat)


def test_an_array_of_windows_is_a_list_of_rows(tmp_path: Path) -> None:
    windows = np.arange(16).reshape(2, 8) % 6
    assert read_sequences(_pickle(tmp_path / "w.pkl", windows)).to_lists() == windows.tolist()


GOOD = [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("an answer", "holds a str, expected a list of sequences"),
        (None, "holds a NoneType"),
        ({"a": GOOD}, "holds a dict"),
        (7, "holds a int"),
        ([GOOD, "1234"], "row 1 is not a flat list of integers"),
        ([GOOD, (GOOD, 1)], "row 1 is not a flat list"),
        ([[GOOD]], "row 0 is not a flat list"),
        ([GOOD, ["1", "2", "3", "4"]], "row 1 is not a flat list"),
        ([GOOD, GOOD, [1, 2, 3, 4.5]], "row 2 is not a flat list"),
        ([[1, 2, 3, 2**70]], "row 0 is not a flat list"),
        ([[1, 2, 3, None]], "row 0 is not a flat list"),
        ([[True, False, True, False]], "row 0 is not a flat list"),
        ([1, 2, 3, 4], "row 0 is not a flat list"),
        ([GOOD, None], "row 1 is not a flat list"),
        ([GOOD, [1, 2, 3, 4, 5]], "row 1 has 5 numbers, expected a multiple of 4"),
        ([GOOD, [1, 2, -3, 4]], "row 1 has id -3, expected 0 or more"),
        ([[1, 2, 3, 2**40]], f"row 0 has id {2**40}"),
    ],
)
def test_another_layout_is_named_with_its_row(tmp_path: Path, value: object, said: str) -> None:
    with pytest.raises(SmartgenError, match=rf"bad\.pkl: {said}"):
        read_sequences(_pickle(tmp_path / "bad.pkl", value))


def test_context_file_names_what_is_missing(toy_release: Path) -> None:
    path = context_file(toy_release, "toy", "winter", "trn.pkl")
    assert path == toy_release / "SmartGen/IoT_data/toy/winter/trn.pkl"
    with pytest.raises(SmartgenError, match=r"toy/winter/vld\.pkl: no such file"):
        context_file(toy_release, "toy", "winter", "vld.pkl")


@pytest.mark.parametrize(
    ("behavior", "said"),
    [
        ([7, 0, 0, 0], "row 2 has day 7, expected 0 to 6"),
        ([0, 8, 0, 0], "row 2 has hour 8, expected 0 to 7"),
        ([0, 0, 3, 0], "row 2 has device 3, expected 0 to 2"),
        ([0, 0, 0, 6], "row 2 has action 6, expected 0 to 5"),
    ],
)
def test_ids_beyond_the_tables_are_named(toy_vocabulary: Vocabulary, behavior: list[int], said: str) -> None:
    sequences = Sequences.from_lists([[6, 7, 2, 5], [], [0, 0, 0, 0, *behavior]])
    check_ids(sequences.take([0, 1]), toy_vocabulary, Path("x.pkl"))
    with pytest.raises(SmartgenError, match=rf"x\.pkl: {said}"):
        check_ids(sequences, toy_vocabulary, Path("x.pkl"))


def test_read_part_checks_ids(toy_release: Path, toy_vocabulary: Vocabulary) -> None:
    assert len(read_part(toy_release, "toy", "spring", "test", toy_vocabulary)) == 4
    small = Vocabulary(("Fan",), ("Fan:off",))
    with pytest.raises(SmartgenError, match=r"spring/test\.pkl: row 0 has device 2"):
        read_part(toy_release, "toy", "spring", "test", small)


@pytest.mark.release
def test_the_release_has_the_sizes_of_the_protocol(release: Path) -> None:
    sizes = {"fr": (33, 222, 24), "sp": (34, 234, 26), "us": (40, 268, 35)}
    assert set(sizes) <= set(datasets(release))
    for name, size in sizes.items():
        vocabulary = read_vocabulary(release, name)
        assert (len(vocabulary.devices), len(vocabulary.actions), len(vocabulary.off_actions)) == size


@pytest.mark.release
def test_every_part_of_the_release_is_readable_and_in_its_vocabulary(release: Path) -> None:
    seen = {}
    for dataset in datasets(release):
        vocabulary = read_vocabulary(release, dataset)
        for context in contexts(release, dataset):
            for part in parts(release, dataset, context):
                seen[dataset, context, part] = read_part(release, dataset, context, part, vocabulary)
    counts = {key: (len(value), len(value.values)) for key, value in seen.items()}
    assert counts["fr", "winter", "trn"] == (873, 2917)
    assert counts["sp", "night", "test"] == (1283, 2417)
    assert counts["us", "multiple", "test"] == (1324, 11988)
    assert counts["us", "spring", "split_test"] == (3016, 7563)
    assert ("fr", "spring", "trn") not in counts
