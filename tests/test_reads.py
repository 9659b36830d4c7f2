"""What a cell reads of its settings, and which quirks of the authors' code it does without."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import ConfigCompositionException

from smartgen import check
from smartgen.added import more_systems
from smartgen.cell import Prepared, run_cell
from smartgen.config import config_dir, register_schemas, to_settings
from smartgen.core.errors import SmartgenError
from smartgen.core.records import Record, read_records
from smartgen.data.attacks.released import RELEASED
from smartgen.data.attacks.unified import KINDS
from smartgen.detection import released_parts
from smartgen.protocols.released import Rule
from smartgen.quirks import quirks_off
from smartgen.reads import read_config
from smartgen.settings import CellSettings
from smartgen.tracking.live import open_tracker

NETWORKS = ("transae", "smartgen_transae")
SWEEP = yaml.safe_load((config_dir() / "experiment/table2.yaml").read_text("utf-8"))["hydra"]["sweeper"]
SYSTEMS = SWEEP["params"]["system"].partition("$")[0] + more_systems("detector")
OTHERS = [name for name in SYSTEMS.split(",") if name not in NETWORKS]
CELLS = list(itertools.product(("fr", "sp", "us"), ("seasonal", "schedule", "occupancy")))
SMALL = ("detector.d_model=16", "detector.epochs=1")
ADAPTED = ("detector=transae", *SMALL, "detector.layers=1", "detector.heads=2")
# One cell each in which the quirk tells; D05 and D29 of what has them.
WHERE: dict[str, tuple[str, ...]] = {
    "D05": ADAPTED,
    "D20": ADAPTED,
    "D21": ("detector=autoencoder", *SMALL, "regime=source"),
    "D22": ("detector=length", "transition=occupancy"),
    "D23": ("detector=seen",),
    "D25": ("detector=seen", "regime=source"),
    "D26": ("detector=lof", "regime=source"),
    "D27": ("detector=aegis", "regime=source"),
    "D29_argus": ("detector=argus", *SMALL),
    "D29_autoencoder": ("detector=autoencoder", *SMALL),
}


def judged(record: Record) -> int:
    """Normal sequences that were judged."""
    return record.counts["false_positives"] + record.counts["true_negatives"]


def other_scores(one: Record, other: Record) -> bool:
    return one.metrics["auroc"] != other.metrics["auroc"] and judged(one) == judged(other)


def fewer_judged(one: Record, other: Record) -> bool:
    return judged(one) == one.counts["train"] + one.counts["normal"] and judged(other) == one.counts["normal"]


# What each switch must change, and leave.
CHANGES: dict[str, Callable[[Record, Record], bool]] = {
    "D05": other_scores,
    "D20": other_scores,
    "D21": lambda one, other: (
        one.metrics["auroc"] == other.metrics["auroc"]
        and one.metrics["threshold"] < other.metrics["threshold"]
    ),
    "D22": lambda one, other: (
        one.counts["validation"] == one.counts["train"] == 200
        and (other.counts["train"], other.counts["validation"]) == (160, 40)
    ),
    "D23": lambda one, other: (
        one.counts["train"] == other.counts["train"] and one.metrics["auroc"] != other.metrics["auroc"]
    ),
    "D25": lambda one, other: one.counts["normal"] < other.counts["normal"],
    "D26": fewer_judged,
    "D27": lambda one, other: (
        fewer_judged(one, other) and one.counts["true_positives"] == other.counts["false_negatives"]
    ),
    "D29_argus": other_scores,
    "D29_autoencoder": other_scores,
}


@pytest.fixture(autouse=True)
def hydra_here() -> Iterator[None]:
    register_schemas()
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(config_dir()), version_base="1.3"):
        yield


def settings(*overrides: str) -> CellSettings:
    return to_settings(compose("config", overrides=["protocol=released", *overrides]))


def outcome(outputs: Path, *overrides: str) -> Record:
    fixed = (f"paths.outputs={outputs}", "synthesizer=walk", "trainer.accelerator=cpu", "tracking=none")
    run_cell(settings(*overrides, *fixed), list(overrides), open_tracker)
    (record,) = read_records(outputs)
    return record


def test_every_file_of_without_is_tried() -> None:
    assert {path.stem for path in (config_dir() / "without").glob("*.yaml")} == {"none", *WHERE}


@pytest.mark.parametrize("name", WHERE)
def test_a_quirk_that_is_switched_off_is_named_and_changes_the_outcome(name: str, tmp_path: Path) -> None:
    as_released = outcome(tmp_path / "on", *WHERE[name])
    without = outcome(tmp_path / "off", *WHERE[name], f"without={name}")
    assert (as_released.axes["without"], without.axes["without"]) == ("none", name.split("_")[0])
    assert as_released.key != without.key
    assert f"without_{name.split('_')[0]}" in without.key
    assert CHANGES[name](as_released, without)


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("D05", ("detector=argus",)),
        ("D20", ("detector=lof",)),
        ("D21", ("detector=seen",)),
        ("D22", ("detector=seen", "transition=occupancy")),
        ("D25", ("detector=seen",)),
        ("D26", ("detector=aegis",)),
        ("D27", ("detector=lof",)),
    ],
)
def test_where_a_quirk_is_not_the_cell_stays_the_same(name: str, other: tuple[str, ...]) -> None:
    if name == "D05":  # a key that this detector does not have
        with pytest.raises(ConfigCompositionException, match="positions"):
            settings(*other, "without=D05")
        return
    plain, without = settings(*other), settings(*other, f"without={name}")
    assert quirks_off(without) == "none"
    assert Prepared(plain).key == Prepared(without).key


@pytest.mark.parametrize(
    ("system", "dataset", "transition"),
    [*((name, *cell) for name in NETWORKS for cell in CELLS), *((name, *CELLS[0]) for name in OTHERS)],
)
def test_table_2_has_all_quirks(system: str, dataset: str, transition: str) -> None:
    cell = settings("experiment=table2", f"system={system}", f"dataset={dataset}", f"transition={transition}")
    assert quirks_off(cell) == "none"


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        (("dataset=fr", "protocol.percentile=95", "protocol.single_field=false"), "D20+D21"),
        (("dataset=fr", "protocol.percentile=60"), "D21-changed"),
        (("dataset=fr", "dataset.percentile.seasonal=60"), "D21-changed"),
        (("transition.released.field=device",), "D20-changed"),
        (("transition.released.hold_out=false",), "D22-changed"),
        (("transition.released.attack=hours",), "D23-changed"),
        (("protocol.data=windows",), "D25-changed"),
        (("protocol=unified",), "none"),
    ],
)
def test_what_was_set_by_hand_is_named_too(overrides: tuple[str, ...], told: str) -> None:
    assert quirks_off(settings("detector=transae", *overrides)) == told
    assert quirks_off(settings("detector=argus", "detector.dropout=0.1")) == "D29-changed"


def test_a_switch_that_unified_would_not_read_is_refused() -> None:
    for without, told in (("D23", "transition.released.attack is 'command'"), ("D05", "detector.positions")):
        cell = settings("detector=transae", f"without={without}", "protocol=unified")
        with pytest.raises(SmartgenError, match=told):
            check.check_settings(cell)


@pytest.mark.parametrize("regime", ["source", "synthetic"])
def test_the_attack_without_d23_is_a_habit_that_the_tested_sequences_lack(
    tmp_path: Path, regime: str
) -> None:
    cell = settings(
        "detector=seen", f"regime={regime}", "without=D23", f"paths.outputs={tmp_path}", "synthesizer=walk"
    )
    pipeline = Prepared(cell).pipeline
    parts = released_parts(pipeline, cell.protocol, Rule(cut=0))
    normal = {tuple(pair) for pair in parts.normal.values[:, 2:].tolist()}
    changed = (parts.normal.values != parts.attack.values).any(axis=1)
    assert changed.sum() == len(parts.attack) > 0
    assert not normal & {tuple(pair) for pair in parts.attack.values[changed][:, 2:].tolist()}


def test_adaptation_and_real_sequences_are_part_of_the_cells_that_read_them() -> None:
    plain = read_config(settings("detector=seen", "protocol=unified"))
    assert "adaptation" not in plain
    assert "few" not in plain["protocol"]
    assert read_config(settings("detector=seen", "protocol=unified", "protocol.few_order=3")) == plain
    adapted = read_config(settings("detector=seen", "protocol=unified", "regime=adapted"))
    assert adapted["adaptation"]["detection"] == ["moved", "written"]
    assert "prediction" not in adapted["adaptation"]
    few = read_config(settings("detector=seen", "protocol=unified", "protocol.few=5"))
    assert (few["protocol"]["few"], few["protocol"]["few_order"]) == (5, 0)
    oracle = ("detector=seen", "protocol=unified", "regime=oracle")
    assert read_config(settings(*oracle, "protocol.few=5")) == read_config(settings(*oracle))


def test_what_the_other_protocol_or_task_reads_is_no_part_of_a_cell() -> None:
    released = read_config(settings("detector=transae"))
    unified = read_config(settings("detector=transae", "protocol=unified"))
    assert "masked" not in released["detector"]
    assert "epochs" not in unified["detector"]
    assert "released" not in unified["transition"]
    stale = read_config(settings("detector=lof", "regime=source", "experiment=table2", "dataset=fr"))
    assert "synthesizer" not in stale
    assert set(stale["protocol"]) == {"name", "data", "transductive"}
    assert stale["transition"]["released"] == {"attack": "heater"}
    assert "stage" not in stale
    assert "change" not in stale["transition"]
    assert "stage" in released


@pytest.mark.release
@pytest.mark.parametrize(
    ("overrides", "read"),
    [
        (("synthesizer=replay", "regime=synthetic"), {"recorded", "source"}),  # the set is measured beside it
        (("synthesizer=walk", "regime=synthetic"), {"source"}),
        (("protocol=unified", "regime=source"), {"recorded", "source"}),
        (("regime=source",), {"windows_train", "windows_validation", "windows_test"}),
        (("regime=source", "protocol.source_data=pieces"), {"source"}),
    ],
)
def test_a_keys_inputs_are_what_is_read(release: Path, overrides: tuple[str, ...], read: set[str]) -> None:
    cell = settings("dataset=fr", "detector=seen", *overrides, f"paths.release={release}")
    assert Prepared(cell).inputs.keys() == {"target", "vocabulary", *read}


@pytest.mark.release
def test_what_the_walk_reads_of_the_change_is_part_of_its_cell(release: Path) -> None:
    def key(*overrides: str) -> str:
        fixed = ("dataset=fr", "detector=seen", f"paths.release={release}")
        return Prepared(settings(*fixed, *overrides)).key

    moved = "transition.change.hour_shift=2"
    assert key("synthesizer=walk") != key("synthesizer=walk", moved)
    assert key("synthesizer=replay") == key("synthesizer=replay", moved)
    assert key("regime=source", "synthesizer=walk") == key("regime=source", "synthesizer=walk", moved)


def test_what_is_told_apart_by_name_is_what_there_is() -> None:
    assert tuple(RELEASED) == check.RELEASED_ATTACKS
    assert tuple(KINDS) == check.UNIFIED_ATTACKS
