"""Which recorded set a cell's stages mean, and what the authors set by hand for it."""

from pathlib import Path

import pytest

from smartgen.cell import Prepared
from smartgen.check import check_settings
from smartgen.config import compose_cell
from smartgen.core.errors import SmartgenError
from smartgen.detection import released_parts
from smartgen.protocols.released import Rule
from smartgen.quirks import quirks_off
from smartgen.reads import read_config
from smartgen.recorded import STUDIED_HOURS, recorded_variant, with_recorded_variant
from smartgen.settings import (
    CellSettings,
    GssSettings,
    ReleasedProtocolSettings,
    ReplaySettings,
    SscSettings,
    StageSettings,
    TssSettings,
    UnifiedProtocolSettings,
)

# The percentiles that the authors set by hand, row by row of their studies.
GAPS, DURATIONS = (6, 9, 12, 15), (12, 24, 36, 48)
PERCENTILES = {
    "fr": {
        "gap": (95, 95.5, 95, 90),
        "duration": (95, 95.5, 95, 95),
        "llm": (95, 93, 95.5),
        "alpha": (95,) * 3,
    },
    "sp": {"gap": (95, 95.5, 95, 90), "duration": (95,) * 4, "llm": (95, 75, 95), "alpha": (95, 80, 95)},
    "us": {"llm": (95, 40, 95), "alpha": (80,) * 3},
}
ROWS = {
    "gap": [f"gap_{hours}" for hours in GAPS],
    "duration": [f"duration_{hours}" for hours in DURATIONS],
    "llm": ["llama-70b", "qwen-72b", "gpt-4o"],
    "alpha": ["alpha_918", "alpha_919", "alpha_920"],
}
EXPERIMENTS = {"gap": "fig7", "duration": "fig7", "llm": "fig8", "alpha": "threshold"}
BY_HAND = [
    (kind, dataset, row, percentile)
    for dataset, kinds in PERCENTILES.items()
    for kind, percentiles in kinds.items()
    for row, percentile in zip(ROWS[kind], percentiles, strict=True)
]
ABLATIONS = {
    "none": "all",
    "without_ssc": "without_SSC",
    "without_tss": "without_TSS",
    "without_gss": "without_GSS",
    "without_all": "without_all",
}
SIZES = {"none": 161, "without_ssc": 50, "without_tss": 84, "without_gss": 110, "without_all": 23}


def stages(
    tss: str = "released", ssc: str = "released", gss: str = "released", **hours: float
) -> StageSettings:
    return StageSettings(TssSettings(tss, **hours), SscSettings(ssc), GssSettings(gss))


def table4(ablation: str, *more: str) -> CellSettings:
    fixed = ("experiment=table4", "task=detection", "dataset=sp", "transition=seasonal", "seed=2024")
    return compose_cell(*fixed, f"ablation={ablation}", *more)


def variant_of(cell: CellSettings) -> str | None:
    replaying = with_recorded_variant(cell).synthesizer
    assert isinstance(replaying, ReplaySettings)
    return replaying.variant


@pytest.mark.parametrize(("ablation", "variant"), ABLATIONS.items())
def test_each_ablation_changes_its_stages_and_names_its_set(ablation: str, variant: str) -> None:
    cell = table4(ablation)
    check_settings(cell)
    assert variant_of(cell) == variant
    assert quirks_off(cell) == "none"
    assert isinstance(cell.protocol, ReleasedProtocolSettings)
    assert cell.protocol.percentile == (68 if ablation == "without_all" else 95)
    live = table4(ablation, "synthesizer=walk", "dataset=demo", "protocol=unified")
    check_settings(live)
    names = tuple(getattr(live.stage, stage).name for stage in ("tss", "ssc", "gss"))
    assert names == tuple(getattr(cell.stage, stage).name for stage in ("tss", "ssc", "gss"))
    assert isinstance(live.protocol, UnifiedProtocolSettings)
    assert live.protocol.percentile == 95


@pytest.mark.parametrize(("gap", "duration"), [(9, 24), *STUDIED_HOURS])
def test_a_study_is_named_by_its_hours(gap: float, duration: float) -> None:
    found = recorded_variant("study", "filtered", stages(max_gap_hours=gap, max_duration_hours=duration))
    assert found == ("filter_true" if (gap, duration) == (9, 24) else f"filter_true_{gap}_{duration}")
    assert recorded_variant("study/splitEP1", "filtered", stages()) == "filter_true"


@pytest.mark.parametrize(
    ("collection", "level", "stage", "told"),
    [
        ("detection", "filtered", stages(), "collection=detection .*expected collection ablation or study"),
        ("ablation", "mapped", stages(), "level=mapped, expected"),
        ("ablation", "filtered", stages(ssc="none"), "stage/ssc=none .*recorded, .*stage/ssc=similarity"),
        ("ablation", "filtered", stages("none", "similarity"), "stage/tss=none stage/ssc=similarity"),
        ("ablation", "filtered", stages(max_gap_hours=6), "with 6/24 h was not recorded for Table 4"),
        ("ablation", "filtered", stages("paper"), "stage/tss=paper"),
        ("study", "filtered", stages(max_gap_hours=7), "with 7/24 h .*recorded: .*6/24"),
        ("study", "filtered", stages(max_gap_hours=6, max_duration_hours=12), "with 6/12 h"),
        ("study", "filtered", stages(gss="none"), "stage/gss=none"),
        ("study", "filtered", stages("none"), "stage/tss=none"),
        ("study", "filtered", stages(ssc="similarity"), "stage/ssc=similarity"),
    ],
)
def test_what_was_not_recorded_is_refused_in_one_line(
    collection: str, level: str, stage: StageSettings, told: str
) -> None:
    with pytest.raises(SmartgenError, match=told) as caught:
        recorded_variant(collection, level, stage)
    assert "\n" not in str(caught.value)


def test_other_hints_than_the_recorded_ones_are_refused() -> None:
    with pytest.raises(SmartgenError, match=r"stage\.gss\.top_k is 3, but recorded sets have 5"):
        check_settings(table4("none", "stage.gss.top_k=3"))


def test_a_recorded_set_with_another_ssc_is_still_refused_where_it_is_named() -> None:
    with pytest.raises(SmartgenError, match=r"stage\.ssc is released, but a recorded set brings its own"):
        check_settings(table4("none", "synthesizer.variant=all"))


@pytest.mark.parametrize(("kind", "dataset", "row", "percentile"), BY_HAND)
def test_percentiles_of_the_studies_are_the_authors(
    kind: str, dataset: str, row: str, percentile: float
) -> None:
    transition = "schedule" if kind == "alpha" else "seasonal"
    fixed = (f"experiment={EXPERIMENTS[kind]}", f"dataset={dataset}", f"transition={transition}", "seed=1")
    cell = compose_cell(*fixed, f"study={row}", "task=detection")
    check_settings(cell)
    assert isinstance(cell.protocol, ReleasedProtocolSettings)
    assert cell.protocol.percentile == percentile
    assert quirks_off(cell) == "none"
    assert not {"study", "study_percentile"} & set(read_config(cell)["dataset"])


def test_a_study_changes_what_it_says_also_live() -> None:
    live = ("synthesizer=walk", "dataset=demo", "protocol=unified", "task=detection", "seed=1")
    gap = compose_cell("experiment=fig7", *live, "transition=seasonal", "study=gap_15")
    assert (gap.stage.tss.max_gap_hours, gap.stage.tss.max_duration_hours) == (15, 24)
    alpha = compose_cell("experiment=threshold", *live, "transition=schedule", "study=alpha_919")
    assert alpha.stage.ssc.threshold == 0.919
    replayed = compose_cell(
        "experiment=threshold",
        "task=detection",
        "dataset=us",
        "transition=schedule",
        "study=alpha_919",
        "seed=1",
    )
    assert replayed.synthesizer.threshold == 0.919
    for cell in (gap, alpha, replayed):
        check_settings(cell)


def test_another_percentile_than_a_studys_is_named() -> None:
    fixed = (
        "experiment=fig7",
        "dataset=fr",
        "transition=seasonal",
        "task=detection",
        "seed=1",
        "study=gap_15",
    )
    assert quirks_off(compose_cell(*fixed, "protocol.percentile=60")) == "D21-changed"
    assert quirks_off(compose_cell(*fixed, "without=D21")) == "D21"


@pytest.mark.release
@pytest.mark.parametrize("ablation", ABLATIONS)
def test_table_4_trains_on_the_whole_set_and_takes_its_threshold_from_real_sequences(
    release: Path, tmp_path: Path, ablation: str
) -> None:
    cell = table4(ablation, f"paths.release={release}", f"paths.outputs={tmp_path}", "tracking=none")
    prepared = Prepared(cell)
    parts = released_parts(prepared.pipeline, cell.protocol, Rule(percentile=95))
    sizes = [len(part) for part in (parts.train, parts.validation, parts.normal, parts.attack)]
    assert sizes == [SIZES[ablation], 77, 728, 363]
    assert prepared.config["synthesizer"]["variant"] == ABLATIONS[ablation]
    assert prepared.config["stage"]["ssc"] == {"name": cell.stage.ssc.name}
    read = prepared.config["protocol"]
    assert (read["threshold_data"], read["attacks"]) == ("target", "recorded")
    assert "hold_out" not in prepared.config["transition"]["released"]
    assert {"target_validation", "attacks", "recorded"} <= set(prepared.inputs)


@pytest.mark.release
@pytest.mark.parametrize(
    ("dataset", "overrides", "told"),
    [
        ("fr", (), r"no such file; protocol\.attacks=recorded .*take protocol\.attacks=rule"),
        ("us", ("protocol.attacks=rule",), "no validation sequences .*threshold_data=synthetic"),
        ("demo", ("protocol.threshold_data=synthetic",), "nothing is recorded for this home"),
    ],
)
def test_a_home_without_these_files_is_told_what_to_take(
    release: Path, tmp_path: Path, dataset: str, overrides: tuple[str, ...], told: str
) -> None:
    where = (
        f"paths.release={release}",
        f"paths.outputs={tmp_path}",
        f"dataset={dataset}",
        "synthesizer=walk",
    )
    with pytest.raises(SmartgenError, match=told):
        Prepared(table4("none", *where, *overrides))


@pytest.mark.release
def test_the_rules_attacks_go_with_real_thresholds(release: Path, tmp_path: Path) -> None:
    cell = table4("none", f"paths.release={release}", f"paths.outputs={tmp_path}", "protocol.attacks=rule")
    prepared = Prepared(cell)
    parts = released_parts(prepared.pipeline, cell.protocol, Rule(percentile=95))
    assert len(parts.attack) == len(parts.normal) == 728
    assert "attacks" not in prepared.config["protocol"]
