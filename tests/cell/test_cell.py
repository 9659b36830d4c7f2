"""A toy home from start to record."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from smartgen.cell import Prepared, run_cell
from smartgen.core.errors import SmartgenError
from smartgen.core.records import Record, read_records, result_digest
from smartgen.settings import (
    DatasetSettings,
    DetectorSettings,
    EncodedSscSettings,
    GssSettings,
    PathSettings,
    RecordedTofSettings,
    ReleasedProtocolSettings,
    RepeatedTofSettings,
    ReplaySettings,
    SscAutoencoderSettings,
    SscSettings,
    StageOneSettings,
    StageSettings,
    TofSettings,
    TrainerSettings,
    TransAESettings,
    TssSettings,
    UnifiedProtocolSettings,
    WalkSettings,
)
from smartgen.tracking.live import NoTracker

MEASURED = ("set", "target", "source", "sampled")
UNIFIED = UnifiedProtocolSettings(name="unified", max_steps=20, check_every=10, batch_size=8, width=16)


def test_stages_that_train_draw_from_names_unless_the_release_prescribes_a_seed(
    cell: Any, tmp_path: Path
) -> None:
    def seeds(protocol: Any, transition: str) -> tuple[int, int]:
        settings = cell(tmp_path, protocol=protocol)
        settings.transition.name = transition
        pipeline = Prepared(settings).pipeline
        return pipeline._seed("ssc"), pipeline._seed("tof")

    assert seeds(ReleasedProtocolSettings(name="released", percentile=95), "seasonal") == (2024, 2024)
    unified = [*seeds(UNIFIED, "seasonal"), *seeds(UNIFIED, "schedule")]
    assert len(set(unified)) == 4
    assert seeds(UNIFIED, "seasonal") == tuple(unified[:2])


@pytest.mark.parametrize("protocol", [ReleasedProtocolSettings(name="released"), UNIFIED])
def test_one_cell_leaves_one_record(cell: Any, run: Any, tmp_path: Path, protocol: Any) -> None:
    outcome = run(cell(tmp_path, protocol=protocol))
    (record,) = read_records(tmp_path)
    assert (record.key, record.ok, outcome.status) == (outcome.key, True, "done")
    assert record.metrics == outcome.metrics
    assert 0 <= record.metrics["auroc"] <= 1
    assert record.axes["protocol"] == protocol.name
    assert record.run["command"] == "smartgen seed=2024"
    assert record.run["seconds"].keys() == {
        *("tss", "synthesize", "quality", "train", "score", "total", "processor")
    }
    assert "paths" not in record.config


def test_what_a_set_is_by_itself_stands_in_every_record_that_reads_one(
    cell: Any, run: Any, tmp_path: Path
) -> None:
    released = ReleasedProtocolSettings(name="released", source_data="pieces")
    seen = DetectorSettings("seen")
    found = {}
    for regime, protocol in (("synthetic", released), ("synthetic", UNIFIED), ("source", released)):
        settings = cell(tmp_path / regime / protocol.name, regime=regime, protocol=protocol, detector=seen)
        run(settings)
        (record,) = read_records(tmp_path / regime / protocol.name)
        parts = {name: x for name, x in record.metrics.items() if name.split("_")[0] in MEASURED}
        found[regime, protocol.name] = parts
        assert "source" in record.result["inputs"]
    assert found["synthetic", "released"] == found["synthetic", "unified"]
    assert {name.split("_")[0] for name in found["synthetic", "released"]} == set(MEASURED)
    assert found["synthetic", "released"]["set_validity"] == 1
    assert found["source", "released"] == {}


def test_a_sets_yardsticks_are_split_as_the_cell_says(cell: Any, tmp_path: Path) -> None:
    stages = StageSettings(), StageSettings(tss=TssSettings(name="none"))
    whole = [Prepared(cell(tmp_path, stage=stage)).pipeline.quality for stage in stages]
    assert whole[0]["target_nearest_mean"] != whole[1]["target_nearest_mean"]


def test_half_precision_gives_finite_numbers(cell: Any, run: Any, tmp_path: Path) -> None:
    half = TrainerSettings(accelerator="cpu", precision="bf16-mixed")
    for protocol in (ReleasedProtocolSettings(name="released"), UNIFIED):
        assert 0 <= run(cell(tmp_path, protocol=protocol, trainer=half)).metrics["auroc"] <= 1


def test_a_recorded_cell_is_not_run_again_and_a_forced_one_is_equal(
    cell: Any, run: Any, tmp_path: Path
) -> None:
    first = run(cell(tmp_path))
    before = read_records(tmp_path)[0]
    assert run(cell(tmp_path)).status == "recorded"
    forced = run(cell(tmp_path, force=True))
    (after,) = read_records(tmp_path)
    assert (forced.key, forced.status) == (first.key, "done")
    assert result_digest(before) == result_digest(after)
    assert before.run["started"] <= after.run["started"]


def test_stages_come_from_the_cache_the_second_time(
    cell: Any, run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(cell(tmp_path))
    monkeypatch.setattr("smartgen.pipeline.split_sequences", _must_not_run)
    monkeypatch.setattr("smartgen.synthesis.walk", _must_not_run)
    monkeypatch.setattr("smartgen.pipeline.synthetic_quality", _must_not_run)
    assert run(cell(tmp_path, trainer=TrainerSettings(accelerator="cpu", threads=2))).status == "done"
    assert len(read_records(tmp_path)) == 2


def _must_not_run(*_: object, **__: object) -> None:
    raise AssertionError("this stage was cached")


def test_every_setting_that_can_change_a_result_changes_the_key(cell: Any, tmp_path: Path) -> None:
    changes: list[dict[str, Any]] = [
        {"seed": 1},
        {"regime": "source"},
        {"protocol": ReleasedProtocolSettings(name="released", percentile=90)},
        {"detector": TransAESettings(name="transae", d_model=32)},
        {"stage": StageSettings(tss=TssSettings(name="none"))},
        {"stage": StageSettings(gss=GssSettings(name="none"))},
        {"synthesizer": WalkSettings(name="walk", sequences=31)},
        {"trainer": TrainerSettings(accelerator="cpu", precision="bf16-mixed")},
        {"dataset": DatasetSettings(name="demo", kind="demo", days=8)},
    ]
    keys = {Prepared(cell(tmp_path, **change)).key for change in [{}, *changes]}
    assert len(keys) == len(changes) + 1
    harmless: list[dict[str, Any]] = [{"force": True}, {"save": True}]
    harmless.append({"paths": PathSettings(outputs=str(tmp_path / "else"))})
    harmless.append({"trainer": TrainerSettings(accelerator="cpu", progress=True)})
    base = Prepared(cell(tmp_path)).key
    assert {Prepared(cell(tmp_path, **change)).key for change in harmless} == {base}


def test_switching_stages_off_changes_what_is_written(cell: Any, tmp_path: Path) -> None:
    stages = [
        StageSettings(),
        StageSettings(tss=TssSettings(name="none")),
        StageSettings(gss=GssSettings(name="none")),
    ]
    sets = [Prepared(cell(tmp_path, stage=stage)).pipeline.synthetic.digest() for stage in stages]
    assert len(set(sets)) == 3


NET: dict[str, Any] = {"d_model": 16, "heads": 2, "layers": 1, "epochs": 3, "batch_size": 32}
SSC = EncodedSscSettings("released", threshold=0.8, **NET)
TOF = StageOneSettings("influence", whisker=0, **NET)


def test_ssc_and_tof_stand_in_the_pipeline(
    cell: Any, run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = StageSettings(ssc=SSC, tof=TOF)
    run(cell(tmp_path, stage=both))
    (record,) = read_records(tmp_path)
    counts = record.counts
    assert counts["written"] == 30 > counts["train"] + counts["validation"] - counts["outliers_kept"]
    assert counts["synthetic"] == 30 - counts["outliers"] + counts["outliers_kept"]
    assert {"ssc", "ssc_training", "tof"} <= set(record.run["seconds"])
    again = Prepared(cell(tmp_path, stage=both, detector=TransAESettings(name="transae", d_model=32)))
    monkeypatch.setattr("smartgen.stages.ssc.compress.compress", _must_not_run)
    monkeypatch.setattr("smartgen.stages.tof.filter.filter_outliers", _must_not_run)
    assert len(again.pipeline.compressed.sequences) < len(again.pipeline.pieces)
    assert len(again.pipeline.synthetic) == counts["synthetic"]


def test_thresholds_share_one_trained_encoder(
    cell: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = []
    for threshold in (0.7, 0.95):
        stage = StageSettings(ssc=replace(SSC, threshold=threshold))
        kept.append(len(Prepared(cell(tmp_path, stage=stage)).pipeline.compressed.sequences))
        monkeypatch.setattr("smartgen.stages.ssc.vectors.train_encoder", _must_not_run)
    assert kept[0] < kept[1]


def test_the_old_log_has_tasks_of_its_own(cell: Any, run: Any, tmp_path: Path) -> None:
    for name, ssc in {"all": SscSettings(), "some": SSC}.items():
        for task in ("compression", "reconstruction"):
            settings = cell(tmp_path / name, task=task, stage=StageSettings(ssc=ssc))
            settings.detector = SscAutoencoderSettings(name="ssc_autoencoder", **NET)
            run(settings)
    whole, some = (
        {record.axes["task"]: record for record in read_records(tmp_path / name)} for name in ("all", "some")
    )
    assert whole["compression"].metrics["share_kept"] == 1
    assert "threshold" not in whole["compression"].metrics
    assert some["compression"].metrics["threshold"] == 0.8
    counts = some["reconstruction"].counts
    assert counts["train"] == counts["kept"] < counts["pieces"] < whole["compression"].counts["pieces"]
    assert whole["reconstruction"].counts["test"] == counts["test"] > 0
    assert 0 < whole["reconstruction"].metrics["loss"] < 6


def test_a_failed_cell_leaves_its_error_and_no_result(cell: Any, run: Any, tmp_path: Path) -> None:
    with pytest.raises(SmartgenError, match="of the training set there are 0 to train on, 1 held out"):
        run(cell(tmp_path, synthesizer=WalkSettings(name="walk", sequences=1)))
    (record,) = read_records(tmp_path)
    assert not record.ok
    assert record.error is not None
    assert record.error["type"] == "SmartgenError"
    assert (record.axes["dataset"], record.config["synthesizer"]["sequences"]) == ("demo", 1)


def test_a_failing_mirror_does_not_lose_the_record(cell: Any, tmp_path: Path) -> None:
    class Broken(NoTracker):
        def log(self, record: Record) -> None:
            raise OSError("disk full")

    @contextmanager
    def broken(*_: object) -> Iterator[NoTracker]:
        yield Broken()

    with pytest.raises(OSError, match="disk full"):
        run_cell(cell(tmp_path), [], broken)
    (record,) = read_records(tmp_path)
    assert record.ok
    assert record.error is not None


def test_a_damaged_cache_is_made_anew(cell: Any, run: Any, tmp_path: Path) -> None:
    first = run(cell(tmp_path))
    (damaged,) = (tmp_path / "cache/synthesize").glob("*/sequences.npz")
    damaged.write_bytes(b"torn")
    again = run(
        cell(tmp_path, detector=TransAESettings(name="transae", d_model=16, heads=2, layers=1, epochs=3))
    )
    assert again.key != first.key
    assert damaged.stat().st_size > 100


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"task": "cooking"}, "task is 'cooking'"),
        ({"regime": "oracle"}, "with protocol=released, regime is 'oracle'"),
        ({"stage": StageSettings(tof=TofSettings(name="magic"))}, r"stage\.tof\.name is 'magic'"),
        ({"protocol": ReleasedProtocolSettings(name="released", percentile=101)}, "percentile is 101"),
        ({"protocol": UnifiedProtocolSettings(name="unified", percentile=101)}, "percentile is 101"),
        ({"protocol": UnifiedProtocolSettings(name="unified", max_steps=0)}, "max_steps is 0"),
        ({"protocol": UnifiedProtocolSettings(name="unified", held_out=2)}, "held_out is 2"),
        ({"detector": TransAESettings(name="transae", heads=3)}, "multiple of detector.heads"),
        ({"detector": TransAESettings(name="transae", epochs=0)}, "epochs is 0"),
        ({"trainer": TrainerSettings(threads=0)}, "threads is 0"),
        ({"stage": StageSettings(ssc=EncodedSscSettings("released"))}, "share is None, expected"),
        ({"stage": StageSettings(ssc=replace(SSC, share=0.2))}, "a number for one of them"),
        ({"stage": StageSettings(ssc=replace(SSC, share=None, group="month"))}, "group is 'month'"),
        ({"stage": StageSettings(tof=replace(TOF, heads=3))}, r"multiple of stage\.tof\.heads"),
        ({"stage": StageSettings(tof=RecordedTofSettings("recorded"))}, "collection=tof"),
        ({"regime": "source", "stage": StageSettings(ssc=SSC)}, "trains on all pieces"),
        ({"task": "compression", "stage": StageSettings(tof=TOF)}, "reads no synthetic set"),
        (
            {"stage": StageSettings(tof=RepeatedTofSettings("repeated", padded=True))},
            "needs draws in common",
        ),
        ({"task": "reconstruction"}, "with task=reconstruction, detector is 'transae'"),
        (
            {"synthesizer": ReplaySettings(name="replay"), "stage": StageSettings(tof=TOF)},
            "sets that TOF has filtered",
        ),
        (
            {"synthesizer": ReplaySettings(name="replay", level="mapped"), "stage": StageSettings(ssc=SSC)},
            "brings its own compression",
        ),
        (
            {
                "synthesizer": ReplaySettings(name="replay"),
                "stage": StageSettings(tss=TssSettings(max_gap_hours=6)),
            },
            "max_gap_hours is 6, but this set was recorded with 9",
        ),
    ],
)
def test_bad_settings_are_named_before_anything_is_written(
    cell: Any, run: Any, tmp_path: Path, change: dict[str, Any], named: str
) -> None:
    with pytest.raises(SmartgenError, match=named):
        run(cell(tmp_path, **change))
    assert not list(tmp_path.iterdir())


@pytest.mark.release
def test_a_released_cell_has_the_releases_sizes(cell: Any, run: Any, tmp_path: Path, release: Path) -> None:
    settings = cell(
        tmp_path,
        dataset=DatasetSettings(name="fr"),
        synthesizer=ReplaySettings(name="replay", threshold=0.918),
        paths=PathSettings(outputs=str(tmp_path), release=str(release)),
    )
    run(settings)
    (record,) = read_records(tmp_path)
    assert {"recorded", "source", "target"} <= record.result["inputs"].keys()
    assert record.metrics["set_copies"] == 1 / 125
    sizes = {name: record.counts[name] for name in ("train", "validation", "normal", "attack")}
    assert sizes == {"train": 100, "validation": 25, "normal": 88, "attack": 88}


@pytest.mark.release
@pytest.mark.parametrize(
    ("tof", "kept"),
    [
        (TofSettings("none"), 137),
        (RecordedTofSettings("recorded", "filter"), 118),
        (RecordedTofSettings("recorded", "filter_true"), 125),
    ],
)
def test_table_fives_sets_have_the_published_sizes(
    cell: Any, tmp_path: Path, release: Path, tof: TofSettings, kept: int
) -> None:
    settings = cell(
        tmp_path,
        dataset=DatasetSettings(name="fr"),
        synthesizer=ReplaySettings(name="replay", threshold=0.918, collection="tof", variant=""),
        stage=StageSettings(tof=tof),
        paths=PathSettings(outputs=str(tmp_path), release=str(release)),
    )
    assert Prepared(settings).pipeline.counts == {"written": 137, "synthetic": kept}
