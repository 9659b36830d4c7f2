"""Files that commands open: inputs no more often than now, and of what is recorded next to nothing.

Each command runs in a process of its own, which notes what it opens. Numbers are exact.
"""

from __future__ import annotations

import json
import os
import pickle
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from smartgen.core.records import write_result
from smartgen.core.types import Sequences
from smartgen.data.homes import WINDOW_FOLDER, load_home
from smartgen.data.recordings import COLLECTIONS
from smartgen.data.release import DATA_FOLDER
from smartgen.data.vocabulary import Vocabulary
from smartgen.settings import DatasetSettings, TransitionSettings

Opening = Callable[..., Any]
REPOSITORY = Path(__file__).resolve().parents[2]
NETWORKS = {"torch", "pytorch_lightning", "sklearn"}  # without which nothing can be trained
OTHERS = {"openai", "pandas", "wandb"}  # which take long to import and have nothing to do there
STAGES = ("tss", "synthesize", "quality")  # that a cell caches whose set is written by a walk
DEMO = ("dataset=demo", "dataset.days=7", "protocol=released", "tracking=none")
RECORDED = "fr_spring_generation_SPPC_th=0.918_gpt-4o_seq_filter_true.pkl"
SMALL = ("detector.d_model=16", "detector.heads=2", "detector.epochs=1")


def stages(files: Counter[str]) -> Counter[str]:
    """Opened arrays of the cache by their stage."""
    arrays = {path: number for path, number in files.items() if path.endswith(".npz")}
    found: Counter[str] = Counter()
    for path, number in arrays.items():
        found[Path(path).parts[1]] += number
    return found


# A cell of the demo home


@pytest.fixture(scope="module")
def runs(opening: Opening, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Any]]:
    """The outputs, and what was opened by a cell, and by the same again."""
    outputs = tmp_path_factory.mktemp("cells") / "outputs"
    return outputs, [opening(outputs, *DEMO, *SMALL) for _ in range(2)]


@pytest.mark.slow
def test_a_first_cell_writes_each_stage_once_and_reads_none_back(runs: tuple[Path, list[Any]]) -> None:
    outputs, (first, _) = runs
    assert first.modules >= {"torch", "pytorch_lightning"}
    assert first.read(outputs) == {}
    assert stages(first.written(outputs)) == dict.fromkeys(STAGES, 1)


@pytest.mark.slow
def test_a_recorded_cell_opens_its_record_alone_and_can_train_nothing(runs: tuple[Path, list[Any]]) -> None:
    outputs, (_, again) = runs
    (record,) = (outputs / "runs").glob("*/result.json")
    assert again.read(outputs) == {str(record.relative_to(outputs)): 1}
    assert [Path(path).parts[:2] for path in again.written(outputs)] == [("cache", "known")]
    assert again.modules.isdisjoint(NETWORKS | OTHERS)


@pytest.mark.slow
def test_a_cell_reads_its_configuration_a_few_times_and_its_code_once(runs: tuple[Path, list[Any]]) -> None:
    for run in runs[1]:
        conf, code = run.read(REPOSITORY / "conf"), run.read(REPOSITORY / "smartgen")
        assert 1 <= max(conf.values()) <= 4  # Hydra's looks at it, and the digest of the code
        assert sum(conf.values()) <= len(conf) + 80
        sources = {path: number for path, number in code.items() if path.endswith(".py")}
        assert max(sources.values()) <= 3  # the digest's, and where there is no .pyc those of an import
        texts = {path: number for path, number in code.items() if path.endswith((".txt", ".json"))}
        assert set(texts.values()) == {1}


# A cell of a release


@pytest.fixture(scope="module")
def small_release(vocabulary: Vocabulary, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo home's logs under the name of a home of the release, in the release's layout."""
    root = tmp_path_factory.mktemp("inputs") / "release"
    transition = TransitionSettings(name="seasonal", source="winter", target="spring")
    home = load_home(DatasetSettings("demo", "demo", days=14), transition, "", 2024)
    logs, windows = root / DATA_FOLDER / "fr", root / WINDOW_FOLDER / "fr/winter"
    files = {
        logs / "winter/trn.pkl": home.source,
        logs / "spring/test.pkl": home.target,
        root / COLLECTIONS["detection"].folder / RECORDED: home.target[:20],
        windows / "trn.pkl": home.windows.train,
        windows / "vld.pkl": home.windows.validation,
        windows / "test.pkl": home.windows.test,
    }
    for path, sequences in files.items():
        write(path, sequences)
    tables = {
        "fr_devices_dict": {name: i for i, name in enumerate(vocabulary.devices)},
        "fr_actions": {name: i for i, name in enumerate(vocabulary.actions)},
    }
    (root / "SmartGen/dictionary.json").write_text(json.dumps(tables))
    return root


def write(path: Path, sequences: Sequences) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(sequences.to_lists()))


# What each cell opens, and how often.
INPUTS = {
    "synthetic": {
        "SmartGen/dictionary.json": 1,
        f"{DATA_FOLDER}/fr/winter/trn.pkl": 1,
        f"{DATA_FOLDER}/fr/spring/test.pkl": 1,
        f"{COLLECTIONS['detection'].folder}/{RECORDED}": 2,  # compared with its doubles, then read
    },
    "source": {
        "SmartGen/dictionary.json": 1,
        f"{DATA_FOLDER}/fr/spring/test.pkl": 1,
        **{f"{WINDOW_FOLDER}/fr/winter/{part}.pkl": 1 for part in ("trn", "vld", "test")},
    },
}
SWEEP = ("-m", "dataset=fr", "protocol=released", "tracking=none", "regime=source,synthetic")


@pytest.fixture(scope="module")
def sweeps(
    opening: Opening, small_release: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Any]]:
    """The outputs, and what was opened by four cells, by two of them again, and by all again."""
    outputs = tmp_path_factory.mktemp("sweeps") / "outputs"
    found = {}
    for name in ("four", "two again", "four again"):
        detectors = "detector=seen" if "two" in name else "detector=seen,length"
        found[name] = opening(outputs, *SWEEP, detectors, f"paths.release={small_release}")
    assert len(list(outputs.glob("runs/*/result.json"))) == 4
    return outputs, found


@pytest.mark.slow
def test_each_cell_opens_its_inputs_alone_and_each_as_often_as_now(
    sweeps: tuple[Path, dict[str, Any]], small_release: Path
) -> None:
    opened = sweeps[1]["four"]
    expected = sum(map(Counter, 2 * list(INPUTS.values())), Counter[str]())  # two detectors
    assert opened.read(small_release) == expected
    sizes = {path: (small_release / path).stat().st_size for path in expected}
    assert opened.bytes(small_release) == sum(sizes[path] * number for path, number in expected.items())


@pytest.mark.slow
def test_the_second_cell_on_a_set_reads_what_is_cached_of_it_once(
    sweeps: tuple[Path, dict[str, Any]],
) -> None:
    outputs, found = sweeps
    read = found["four"].read(outputs)
    assert stages(read) == {"quality": 1}
    rest = [path for path in read if not path.endswith(".npz")]
    assert all(path.startswith("cache/journals/") for path in rest), "neither records nor notes"


@pytest.mark.slow
@pytest.mark.parametrize(("name", "cells"), [("two again", 2), ("four again", 4)])
def test_a_resumed_sweep_opens_a_note_a_cell_and_nothing_else(
    name: str, cells: int, sweeps: tuple[Path, dict[str, Any]], small_release: Path
) -> None:
    outputs, found = sweeps
    read = found[name].read(outputs)
    notes = {path: number for path, number in read.items() if path.startswith("cache/known/")}
    assert list(notes.values()) == [1] * cells
    rest = read.keys() - notes.keys()
    assert all(path.startswith("cache/journals/") for path in rest), "neither record nor array"
    assert sum(read[path] for path in rest) <= 3
    assert found[name].read(small_release) == {}
    assert found[name].modules.isdisjoint(NETWORKS | OTHERS)


@pytest.mark.slow
def test_recorded_cells_are_not_composed(sweeps: tuple[Path, dict[str, Any]]) -> None:
    composed = {name: found.read(REPOSITORY / "conf").total() for name, found in sweeps[1].items()}
    assert composed["two again"] == composed["four again"] < composed["four"]


# Reports


def put(outputs: Path, count: int) -> None:
    """Records of Table 2's SmartGen, a seed each."""
    axes = {"task": "detection", "regime": "synthetic", "protocol": "released", "synthesizer": "replay"}
    axes |= {"without": "none", "dataset": "fr", "transition": "seasonal", "detector": "transae"}
    for seed in range(count):
        config = {"seed": seed, "detector": {"name": "transae", "network": "smartgen"}}
        result = {"axes": axes | {"seed": seed}, "config": config, "metrics": {"f1": 0.5}, "counts": {}}
        write_result(outputs, f"key{seed:03}", result, {"finished": f"2026-03-01T10:00:{seed:02}"})


@pytest.mark.parametrize("count", [10, 40])
def test_a_report_opens_each_record_once_and_the_next_opens_none(
    count: int, opening: Opening, tmp_path: Path
) -> None:
    outputs = tmp_path / "outputs"
    put(outputs, count)
    first = opening(outputs, "table2", module="smartgen.commands.report")
    assert first.read(outputs) == {f"runs/key{seed:03}/result.json": 1 for seed in range(count)}
    declared = first.read(REPOSITORY / "experiments")
    assert declared["table2.yaml"] <= 2, "the table, and the digest of the code"
    again = opening(outputs, "table2", module="smartgen.commands.report")
    assert [Path(path).parts[:2] for path in again.read(outputs).elements()] == [("cache", "reports")]
    assert again.written(outputs) == {}
    put(outputs, count + 1)
    os.utime(outputs / "runs/key000/result.json", (1, 1))
    changed = opening(outputs, "table2", module="smartgen.commands.report")
    assert set(changed.read(outputs).values()) == {1}
    assert changed.read(outputs).total() == count + 1
    for run in (first, again, changed):
        assert run.modules.isdisjoint(NETWORKS | OTHERS | {"scipy", "matplotlib", "hydra"})
