"""What a cell reads of its settings, and which quirks of the authors' code it does without."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra

from smartgen import check
from smartgen.cell import Prepared, run_cell
from smartgen.config import config_dir, register_schemas, to_settings
from smartgen.core.records import Record, read_records
from smartgen.data.attacks.released import RELEASED
from smartgen.data.attacks.unified import KINDS
from smartgen.detectors import REGISTRY
from smartgen.reads import quirks_off, read_config
from smartgen.settings import CellSettings
from smartgen.tracking import NoTracker

NETWORKS = ("transae", "smartgen_transae")
OTHERS = (
    "lof",
    "isolation_forest",
    "aegis",
    "ocsvm",
    "autoencoder",
    "argus",
    "seen",
    "length",
    "smartgen_seen",
)
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


@pytest.fixture(autouse=True)
def hydra_here() -> Iterator[None]:
    register_schemas()
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(config_dir()), version_base="1.3"):
        yield


def settings(*overrides: str) -> CellSettings:
    return to_settings(compose("config", overrides=["protocol=released", *overrides]))


class Silent(NoTracker):
    def __enter__(self) -> "Silent":
        return self

    def __exit__(self, *_: object) -> None:
        pass


def outcome(outputs: Path, *overrides: str) -> Record:
    cell = settings(*overrides, f"paths.outputs={outputs}", "synthesizer=walk", "trainer.accelerator=cpu")
    run_cell(cell, list(overrides), lambda *_: Silent())
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
    assert (as_released.metrics, as_released.counts) != (without.metrics, without.counts)


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
        with pytest.raises(Exception, match="positions"):
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


def test_several_are_named_in_order_however_they_were_set() -> None:
    cell = settings("detector=transae", "protocol.percentile=90", "transition.released.field=device")
    assert quirks_off(cell) == "D20+D21"
    assert quirks_off(settings("detector=transae", "protocol=unified")) == "none"


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


def test_what_is_told_apart_by_name_is_what_there_is() -> None:
    assert tuple(REGISTRY) == check.DETECTORS
    assert tuple(RELEASED) == check.RELEASED_ATTACKS
    assert tuple(KINDS) == check.UNIFIED_ATTACKS
