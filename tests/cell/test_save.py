"""Cells that keep their models: loaded, these score and flag what the record says."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from smartgen.cell import Prepared, run_cell
from smartgen.core.errors import SmartgenError
from smartgen.core.records import RESULT_FILE, read_cases, read_records, result_digest
from smartgen.core.types import Sequences
from smartgen.data.histories import cases, content_hashes, usable
from smartgen.metrics.ranking import ranks, summary
from smartgen.protocols.pools import folds
from smartgen.saved import SavedModel, load_model
from smartgen.settings import (
    AdaptationSettings,
    AegisSettings,
    CellSettings,
    DetectorSettings,
    HmmSettings,
    IsolationForestSettings,
    LofSettings,
    OcsvmSettings,
    PredictorSettings,
    ReleasedProtocolSettings,
    SasrecSettings,
    TrainerSettings,
    TransAESettings,
    UnifiedProtocolSettings,
    WindowPredictorSettings,
)
from smartgen.stages.tss import split_sequences
from smartgen.tracking.live import NoTracker

UNIFIED = UnifiedProtocolSettings(name="unified", max_steps=10, check_every=5, batch_size=8, width=16)
RELEASED = ReleasedProtocolSettings(name="released")
ADAPTATION = AdaptationSettings("pooled", ["source", "written"], ["moved", "written"], sequences=200)
TRANSAE = TransAESettings("transae", d_model=16, heads=2, layers=1, epochs=1)
LSTM = WindowPredictorSettings("lstm", width=8, epochs=2)
SASREC = SasrecSettings("sasrec", width=8, epochs=1, batch_size={"source": 32, "synthetic": 8})


def models(outputs: Path) -> dict[str, SavedModel]:
    (record,) = read_records(outputs)
    found = {path.stem: load_model(path) for path in sorted((record.path / "models").glob("*.json"))}
    assert list(found) == record.run["models"]
    assert {saved.key for saved in found.values()} == {record.key}
    return found


def by_fold(outputs: Path, settings: CellSettings) -> Iterator[tuple[int, SavedModel, Sequences]]:
    """Each fold's model, and the sequences that it was tested on."""
    home, found = Prepared(settings).home, models(outputs)
    for number, fold in enumerate(folds(home.target, home.vocabulary)):
        yield number, found["model" if len(found) == 1 else f"fold_{number}"], fold.test


@pytest.mark.parametrize(
    ("detector", "regime", "few", "kept"),
    [
        (TRANSAE, "source", 0, ["model"]),
        (TRANSAE, "mixed", 3, ["fold_0", "fold_1"]),
        (TRANSAE, "oracle", 0, ["fold_0", "fold_1"]),
        (TRANSAE, "adapted", 0, ["model"]),
        (DetectorSettings("seen"), "adapted", 3, ["fold_0", "fold_1"]),
        (LofSettings("lof"), "mixed", 0, ["model"]),
        (IsolationForestSettings("isolation_forest"), "mixed", 0, ["model"]),
        (OcsvmSettings("ocsvm"), "adapted", 0, ["model"]),
        (AegisSettings("aegis"), "oracle", 0, ["fold_0", "fold_1"]),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_unified_detectors_score_and_flag_as_recorded(
    cell: Any,
    run: Any,
    tmp_path: Path,
    detector: DetectorSettings,
    regime: str,
    few: int,
    kept: list[str],
) -> None:
    protocol = replace(UNIFIED, few=few)
    settings = cell(tmp_path, detector=detector, protocol=protocol, regime=regime, save=True)
    settings.adaptation = ADAPTATION
    run(settings)
    (record,) = read_records(tmp_path)
    assert record.run["models"] == kept
    recorded = read_cases(record)
    for number, saved, test in by_fold(tmp_path, settings):
        place = {int(content): row for row, content in enumerate(content_hashes(test))}
        mine = recorded["fold"] == number
        rows = [place[int(content)] for content in recorded["sequence"][mine]]
        assert rows
        assert saved.score(test)[rows].tobytes() == recorded["normal"][mine].tobytes()
        assert saved.flags(test)[rows].tolist() == recorded["normal_flag"][mine].tolist()
        assert saved.threshold is not None
        assert saved.threshold.strict
        assert saved.threshold.value in {x for n, x in record.metrics.items() if n.startswith("threshold")}


@pytest.mark.parametrize(
    "detector",
    [TRANSAE, DetectorSettings("seen"), AegisSettings("aegis"), LofSettings("lof")],
    ids=lambda value: value.name,
)
def test_released_detectors_flag_as_recorded(
    cell: Any, run: Any, tmp_path: Path, detector: DetectorSettings
) -> None:
    protocol = replace(RELEASED, inverted=False, transductive=False)
    settings = cell(tmp_path, detector=detector, protocol=protocol, save=True)
    run(settings)
    (record,), home = read_records(tmp_path), Prepared(settings).home
    saved = models(tmp_path)["model"]
    assert saved.threshold is not None
    assert saved.threshold.value == record.metrics["threshold"]
    flagged = saved.flags(split_sequences(home.target, saved.vocabulary))
    assert int(flagged.sum()) == record.counts["false_positives"]
    assert saved.vocabulary == home.vocabulary


@pytest.mark.parametrize(
    ("predictor", "regime"),
    [
        (LSTM, "oracle"),
        (SASREC, "adapted"),
        (SASREC, "mixed"),
        (HmmSettings("hmm", states=4, iterations=3), "synthetic"),
        (PredictorSettings("markov"), "adapted"),
        (PredictorSettings("popular"), "source"),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_unified_predictors_rank_as_recorded(
    cell: Any, run: Any, tmp_path: Path, predictor: PredictorSettings, regime: str
) -> None:
    settings = cell(tmp_path, task="prediction", predictor=predictor, protocol=UNIFIED, regime=regime)
    settings.adaptation, settings.save = ADAPTATION, True
    run(settings)
    recorded = read_cases(read_records(tmp_path)[0])
    for number, saved, test in by_fold(tmp_path, settings):
        found, mine = cases(usable(test)), recorded["fold"] == number
        above, tied = ranks(saved.score(found.histories), found.wanted)
        assert above.tolist() == recorded["above"][mine].tolist()
        assert tied.tolist() == recorded["tied"][mine].tolist()
        with pytest.raises(SmartgenError, match=f"{predictor.name} is a predictor and flags nothing"):
            saved.flags(test)


def test_released_predictors_rank_as_recorded(cell: Any, run: Any, tmp_path: Path) -> None:
    settings = cell(tmp_path, task="prediction", predictor=LSTM, protocol=RELEASED, regime="source")
    settings.save = True
    run(settings)
    found = cases(Prepared(settings).home.windows.test)
    saved, last = models(tmp_path)["model"], np.flatnonzero(found.last)
    scores = saved.score(found.histories.take(last))
    recorded = read_records(tmp_path)[0].metrics
    assert summary(ranks(scores, found.wanted[last]), "optimistic").items() <= recorded.items()


def test_released_sasrec_is_saved_too(cell: Any, run: Any, tmp_path: Path) -> None:
    settings = cell(tmp_path, task="prediction", predictor=SASREC, protocol=RELEASED, save=True)
    run(settings)
    saved = models(tmp_path)["model"]
    test = split_sequences(Prepared(settings).home.target, saved.vocabulary)
    assert saved.score(test).shape == (len(test), len(saved.vocabulary.actions))


def test_a_cell_is_the_same_with_and_without_its_models(cell: Any, run: Any, tmp_path: Path) -> None:
    plain = run(cell(tmp_path / "plain", protocol=UNIFIED))
    keeping = run(cell(tmp_path / "keeping", protocol=UNIFIED, save=True))
    (without,), (with_models,) = read_records(tmp_path / "plain"), read_records(tmp_path / "keeping")
    assert plain.key == keeping.key
    assert result_digest(without) == result_digest(with_models)
    assert "models" not in without.run
    assert not (without.path / "models").exists()


def test_a_recorded_cell_runs_again_for_models_that_are_missing(cell: Any, run: Any, tmp_path: Path) -> None:
    settings = cell(tmp_path, protocol=UNIFIED)
    run(settings)
    before = result_digest(read_records(tmp_path)[0])
    settings.save = True
    assert [run(settings).status for _ in range(2)] == ["done", "recorded"]
    (record,) = read_records(tmp_path)
    assert result_digest(record) == before
    (record.path / "models/model.safetensors").unlink()
    assert run(settings).status == "done"
    assert "model" in models(tmp_path)
    settings.save = False
    assert run(settings).status == "recorded"


@pytest.mark.parametrize("write", ["write_bytes_atomic", "write_json_atomic"])
def test_a_run_that_is_killed_while_it_saves_leaves_no_record(
    cell: Any, run: Any, tmp_path: Path, write: str
) -> None:
    settings = cell(tmp_path, protocol=UNIFIED, regime="oracle", save=True)

    def killed(path: Path, *_: object) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_name(f".{path.name}.tmp").write_bytes(b"half of i")
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(f"smartgen.saved.{write}", killed)
        with pytest.raises(KeyboardInterrupt):
            run(settings)
    (folder,) = (tmp_path / "runs").iterdir()
    assert not (folder / RESULT_FILE).exists()
    with pytest.raises(SmartgenError, match="no saved model here"):
        load_model(folder)
    assert run(settings).status == "done"
    assert list(models(tmp_path)) == ["fold_0", "fold_1"]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"detector": LofSettings("lof"), "protocol": RELEASED},
            "transductive=true lof is fitted on the very",
        ),
        ({"task": "compression"}, "save is true, but task=compression trains nothing"),
        (
            {"trainer": TrainerSettings("cpu", "bf16-true")},
            "precision is 'bf16-true', expected one of 32-true",
        ),
    ],
)
def test_what_cannot_be_saved_is_refused_before_anything_is_trained(
    cell: Any, tmp_path: Path, changes: dict[str, Any], told: str
) -> None:
    @contextmanager
    def untouched(*_: object) -> Iterator[NoTracker]:
        raise AssertionError("a cell began")
        yield NoTracker()

    with pytest.raises(SmartgenError, match=told):
        run_cell(cell(tmp_path, save=True, **changes), [], untouched)
    assert not list(tmp_path.iterdir())
