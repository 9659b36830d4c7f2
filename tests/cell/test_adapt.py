"""task=adapt on a log of one's own: what it leaves and refuses, and that it learns nothing of the future."""

import csv
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from smartgen.adapt import LEAST_REAL
from smartgen.cell import Outcome, run_cell
from smartgen.commands.adapted import write_adapted_page
from smartgen.commands.score import main as score
from smartgen.config import compose_cell
from smartgen.core.errors import SmartgenError
from smartgen.core.records import read_records
from smartgen.core.types import Sequences
from smartgen.data.demo.simulate import simulate
from smartgen.data.demo.vocabulary import demo_vocabulary
from smartgen.data.vocabulary import DAYS, HOURS
from smartgen.logs_settings import LogsSettings
from smartgen.saved import load_pair
from smartgen.settings import CellSettings
from tests.cell.conftest import no_tracker

SPLIT = "2024-03-01"  # between the demo's winter and its spring
FAST = (
    "experiment=adapt",
    "dataset.zone=UTC",
    "synthesizer=walk",
    "regime=synthetic",
    "synthesizer.sequences=60",
    "stage/ssc=none",
    "stage/tof=none",
    "detector=seen",
    "predictor=markov",
    "trainer.accelerator=cpu",
    "tracking=none",
    "+transition.change.replace.Heater=[Light]",
)
FILES = [
    "adapted/changes.json",
    "adapted/page.html",
    "adapted/synthetic.csv",
    "adapted/synthetic.jsonl",
    "adapted/synthetic.parquet",
    "models/README.md",
    "models/detector.json",
    "models/detector.safetensors",
    "models/predictor.json",
    "models/predictor.safetensors",
]
BENEFIT = {
    *("detection/{}/auroc", "detection/{}/f1", "detection/{}/false_positive_rate"),
    *("prediction/{}/hr@1", "prediction/{}/hr@10", "prediction/{}/ndcg@10"),
}

Cells = Callable[..., CellSettings]


def rows(sequences: Sequences) -> list[str]:
    """A log's lines, of sequences with time stamps."""
    actions = demo_vocabulary().actions
    assert sequences.times is not None
    stamps = sequences.times.astype("datetime64[s]")
    names = [actions[i].split(":", 1) for i in sequences.values[:, 3]]
    return [f"{stamp},{device},{action}\n" for stamp, (device, action) in zip(stamps, names, strict=True)]


def write_log(path: Path, *parts: Sequences) -> Path:
    text = "".join(line for part in parts for line in rows(part))
    path.write_text("time,device,action\n" + text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def winter() -> Sequences:
    return simulate("winter", 2024, 14)


@pytest.fixture(scope="module")
def spring() -> Sequences:
    return simulate("spring", 2024, 14)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory, winter: Sequences, spring: Sequences) -> Path:
    return write_log(tmp_path_factory.mktemp("log") / "home.csv", winter, spring)


def make(log: Path, outputs: Path, *words: str) -> CellSettings:
    return compose_cell(*FAST, f"dataset.path={log}", f"paths.outputs={outputs}", *words)


def adapted(cell: CellSettings) -> Outcome:
    """Run a cell and write its page, as the command does."""
    outcome = run_cell(cell, ["experiment=adapt"], no_tracker)
    write_adapted_page(Path(cell.paths.outputs), outcome.key)
    return outcome


@pytest.fixture(scope="module")
def with_split(tmp_path_factory: pytest.TempPathFactory, log: Path) -> CellSettings:
    """A cell that has run on a log with both contexts."""
    cell = make(log, tmp_path_factory.mktemp("split"), f"transition.split={SPLIT}")
    assert adapted(cell).status == "done"
    return cell


@pytest.fixture(scope="module")
def without_split(tmp_path_factory: pytest.TempPathFactory, winter: Sequences) -> CellSettings:
    """A cell that has run on a log of the former context alone."""
    outputs = tmp_path_factory.mktemp("no_split")
    cell = make(write_log(outputs / "home.csv", winter), outputs)
    assert adapted(cell).status == "done"
    return cell


def folder_of(cell: CellSettings) -> Path:
    (record,) = read_records(Path(cell.paths.outputs))
    return record.path


def changes_of(cell: CellSettings) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder_of(cell) / "adapted/changes.json").read_text("utf-8"))
    return found


def weights(cell: CellSettings) -> list[bytes]:
    return [
        (folder_of(cell) / f"models/{name}.safetensors").read_bytes() for name in ("detector", "predictor")
    ]


@pytest.mark.parametrize("fixture", ["with_split", "without_split"])
def test_it_leaves_a_record_sequences_models_and_a_page(fixture: str, request: pytest.FixtureRequest) -> None:
    cell = request.getfixturevalue(fixture)
    (record,) = read_records(Path(cell.paths.outputs))
    there = [path for path in FILES if (record.path / path).is_file()]
    assert there == FILES
    assert record.run["models"] == ["detector", "predictor"]
    assert record.axes["task"] == "adapt"
    assert record.counts["synthetic"] == record.counts["written"] == 60
    assert record.counts["detector_train"] + record.counts["detector_held_out"] <= 60
    assert not [name for name in record.metrics if not np.isfinite(record.metrics[name])]


def test_the_three_files_hold_the_same_sequences(with_split: CellSettings) -> None:
    stem = folder_of(with_split) / "adapted/synthetic"
    lines = stem.with_suffix(".jsonl").read_text("utf-8").splitlines()
    sequences = [json.loads(line)["sequence"] for line in lines]
    assert len(sequences) == 60
    flat = [
        (number, position, *behavior)
        for number, sequence in enumerate(sequences)
        for position, behavior in enumerate(sequence)
    ]
    named = list(csv.DictReader(io.StringIO(stem.with_suffix(".csv").read_text("utf-8"))))
    fields = ("sequence", "position", "day", "hour", "device", "action")
    assert [tuple(row[name] for name in fields) for row in named] == [
        tuple(map(str, behavior)) for behavior in flat
    ]
    table = pq.read_table(stem.with_suffix(".parquet")).to_pylist()
    assert [
        (
            *(row[name] for name in fields[:2]),
            DAYS[row["day"]],
            HOURS[row["hour"]],
            row["device_name"],
            row["action_name"],
        )
        for row in table
    ] == flat


def test_real_sequences_of_the_new_context_tell_the_benefit(with_split: CellSettings) -> None:
    (record,) = read_records(Path(with_split.paths.outputs))
    regimes = ["source", "synthetic", "oracle"]
    expected = {f"benefit/{name.format(regime)}" for name in BENEFIT for regime in regimes}
    assert {name for name in record.metrics if name.startswith("benefit/")} == expected
    told = changes_of(with_split)["benefit"]
    assert told["regimes"] == regimes
    assert told["why"] == ""
    for row in told["rows"]:
        values = [record.metrics[f"benefit/{row['task']}/{regime}/{row['name']}"] for regime in regimes]
        assert row["values"] == values
    assert "| real sequences of the new context | source | synthetic | oracle |" in (
        folder_of(with_split) / "models/README.md"
    ).read_text("utf-8")


def test_without_them_it_is_said_why_there_is_none(without_split: CellSettings) -> None:
    (record,) = read_records(Path(without_split.paths.outputs))
    assert not [name for name in record.metrics if name.startswith(("benefit/", "device/target"))]
    changes = changes_of(without_split)
    assert changes["benefit"]["rows"] == []
    assert changes["benefit"]["why"].startswith("the log holds nothing of the new context yet")
    assert changes["devices"]["logs"] == ["source", "synthetic"]
    assert all("real" not in one for one in changes["new_transitions"])
    for file in ("models/README.md", "adapted/page.html"):
        assert "Not measured: the log holds nothing of the new context yet" in (record.path / file).read_text(
            "utf-8"
        )


def test_a_few_real_sequences_are_too_few_to_tell(
    tmp_path: Path, winter: Sequences, spring: Sequences
) -> None:
    cell = make(write_log(tmp_path / "home.csv", winter, spring[:5]), tmp_path, f"transition.split={SPLIT}")
    adapted(cell)
    changes = changes_of(cell)
    assert changes["benefit"]["rows"] == []
    assert f"two behaviors or more, too few to measure on ({LEAST_REAL})" in changes["benefit"]["why"]
    assert changes["devices"]["logs"] == ["source", "synthetic", "target"]


def test_the_kept_models_score_a_line(
    with_split: CellSettings, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    folder = folder_of(with_split)
    line = (folder / "adapted/synthetic.jsonl").read_bytes().splitlines(keepends=True)[0]
    (tmp_path / "lines.jsonl").write_bytes(line)
    assert score([str(folder), "--input", str(tmp_path / "lines.jsonl")]) == 0
    (answer,) = map(json.loads, capfdbinary.readouterr().out.splitlines())
    detector, predictor = load_pair(folder)
    assert {"score", "threshold", "flag", "next"} <= answer.keys()
    assert detector.threshold is not None
    assert answer["threshold"] == detector.threshold.value
    assert answer["flag"] is (answer["score"] > answer["threshold"])
    assert answer["next"][0]["action"] in predictor.vocabulary.actions
    assert detector.zone == predictor.zone == "UTC"


def test_a_second_run_is_recorded_and_does_nothing(
    with_split: CellSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smartgen.cell.adapt", lambda *_: pytest.fail("it trains again"))
    assert run_cell(with_split, [], no_tracker).status == "recorded"


def test_models_that_are_gone_are_made_again(log: Path, tmp_path: Path, with_split: CellSettings) -> None:
    cell = make(log, tmp_path, f"transition.split={SPLIT}")
    adapted(cell)
    (folder_of(cell) / "models/predictor.safetensors").unlink()
    assert adapted(cell).status == "done"
    assert weights(cell) == weights(with_split)


@pytest.mark.parametrize("regime", ["source", "mixed", "adapted"])
def test_every_regime_but_the_oracle(log: Path, tmp_path: Path, regime: str) -> None:
    cell = make(log, tmp_path, f"transition.split={SPLIT}", f"regime={regime}")
    adapted(cell)
    regimes = list(dict.fromkeys(("source", regime, "oracle")))
    assert changes_of(cell)["benefit"]["regimes"] == regimes
    assert len(load_pair(folder_of(cell))) == 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ["regime=oracle"],
            "with task=adapt, protocol=unified, regime is 'oracle', expected one of source, synthetic, "
            "mixed, adapted",
        ),
        (
            ["protocol=released"],
            "with task=adapt, protocol.name is 'released', expected one of unified",
        ),
    ],
)
def test_what_it_cannot_be_is_one_line(log: Path, tmp_path: Path, words: list[str], told: str) -> None:
    with pytest.raises(SmartgenError) as error:
        run_cell(make(log, tmp_path, *words), [], no_tracker)
    assert str(error.value) == told
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"Heatr": ["Fan"]}, "'Heatr', which is no device of this log (is it 'Heater'?)"),
        ({"Heater": ["Fan", "Sauna"]}, "'Sauna', which is no device of this log; `smartgen-data log FILE"),
    ],
)
def test_a_device_that_the_home_lacks_cannot_come_or_go(
    log: Path, tmp_path: Path, change: dict[str, list[str]], told: str
) -> None:
    cell = make(log, tmp_path)
    cell.transition.change.replace = change
    with pytest.raises(SmartgenError) as error:
        run_cell(cell, [], no_tracker)
    assert str(error.value).startswith(f"transition.change.replace names {told}")


def test_another_log_is_another_cell(tmp_path: Path, winter: Sequences) -> None:
    cell = make(write_log(tmp_path / "home.csv", winter), tmp_path)
    keys = [adapted(cell).key]
    write_log(tmp_path / "home.csv", winter[:-1])
    keys.append(adapted(cell).key)
    write_log(tmp_path / "home.csv", winter)
    assert run_cell(cell, [], no_tracker).status == "recorded"
    assert len(set(keys)) == 2
    assert {record.key for record in read_records(tmp_path)} == set(keys)


def in_future(folder: Path, spring: Sequences, winter: Sequences, *words: str) -> CellSettings:
    """A cell of a log whose new part is ``spring``; what the home can do does not hang on it."""
    folder.mkdir()
    log = write_log(folder / "home.csv", winter, spring)
    cell = make(log, folder, f"transition.split={SPLIT}", *words)
    assert isinstance(cell.dataset, LogsSettings)
    cell.dataset.actions = list(demo_vocabulary().actions)
    adapted(cell)
    return cell


@pytest.mark.parametrize("regime", ["source", "synthetic", "mixed", "adapted"])
def test_another_future_gives_the_very_same_models(
    tmp_path: Path, winter: Sequences, spring: Sequences, regime: str
) -> None:
    words = [f"regime={regime}"]
    mine = in_future(tmp_path / "mine", spring, winter, *words)
    other = in_future(tmp_path / "other", simulate("spring", 7, 14), winter, *words)
    assert folder_of(mine).name != folder_of(other).name
    assert weights(mine) == weights(other)
    first, second = (
        json.loads((folder_of(cell) / "models/detector.json").read_text("utf-8")) for cell in (mine, other)
    )
    assert first["threshold"] == second["threshold"]
    written = [(folder_of(cell) / "adapted/synthetic.jsonl").read_bytes() for cell in (mine, other)]
    assert written[0] == written[1]
    assert changes_of(mine)["benefit"] != changes_of(other)["benefit"]


NETWORKS = (
    "detector=transae",
    "predictor=sasrec",
    "stage/tof=influence",
    "stage.tof.epochs=1",
    "protocol.max_steps=10",
    "protocol.check_every=5",
    "protocol.batch_size=8",
    "protocol.width=16",
)


@pytest.mark.slow
def test_networks_learn_nothing_of_the_future_either(
    tmp_path: Path, winter: Sequences, spring: Sequences, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = in_future(tmp_path / "mine", spring, winter, *NETWORKS)
    other = in_future(tmp_path / "other", simulate("spring", 7, 14), winter, *NETWORKS)
    assert weights(mine) == weights(other)
    changes = changes_of(mine)
    assert changes["filtered"]["stage"] == "influence"
    assert "bound" in changes["filtered"]
    assert [path for path in FILES if (folder_of(mine) / path).is_file()] == FILES
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
    assert score([str(folder_of(mine))]) == 0
