"""The cells of an experiment are those that its sweep would run."""

import pytest
from hydra.core.global_hydra import GlobalHydra

from smartgen.commands.run import GROUPS, PAPER
from smartgen.core.errors import SmartgenError
from smartgen.sweeps.planned import planned_cells
from smartgen.tables.curves import figure_names
from smartgen.tables.declare import table_names
from smartgen.tables.shares import shares_names


@pytest.fixture(autouse=True)
def no_hydra_left_over() -> None:
    GlobalHydra.instance().clear()


@pytest.mark.parametrize(
    ("experiment", "overrides", "count"),
    [
        ("table2", (), 108),
        ("table2", ("system=lof", "seed=1,2"), 18),
        ("table9", ("launcher=joblib", "hydra.launcher.n_jobs=1"), 9),
        ("table2_unified", ("detector=seen", "dataset=fr", "seed=range(2)"), 24),
    ],
)
def test_cells_are_the_product_of_the_axes(experiment: str, overrides: tuple[str, ...], count: int) -> None:
    cells, config = planned_cells(experiment, overrides)
    assert len(set(cells)) == len(cells) == count
    assert all(f"experiment={experiment}" in cell for cell in cells)
    assert not any(override.startswith("hydra") for cell in cells for override in cell)
    assert config.hydra.mode.name == "MULTIRUN"


@pytest.mark.parametrize("override", ["seeed=1", "seed=[", "launcher=nope"])
def test_what_does_not_compose_is_refused_in_a_line(override: str) -> None:
    with pytest.raises(SmartgenError) as refused:
        planned_cells("table2", [override])
    assert str(refused.value).startswith("experiment=table2: ")
    assert "\n" not in str(refused.value)


def test_run_all_has_every_table_and_figure_with_published_numbers() -> None:
    assert set(table_names()) | set(figure_names()) | set(shares_names()) <= set(PAPER)
    assert set(GROUPS["tables"]) | set(GROUPS["figures"]) == set(PAPER)
