"""What dataset=logs and task=adapt cannot be, each in one exact line, before the log is read."""

import pytest

from smartgen.check import check_settings
from smartgen.config import compose_cell
from smartgen.core.errors import SmartgenError
from smartgen.logs_settings import LogsSettings
from smartgen.settings import CellSettings

LOG = ("dataset=logs", "dataset.path=nowhere.csv")
ADAPT = (
    "experiment=adapt",
    "dataset.path=nowhere.csv",
    "synthesizer=walk",
    "transition.change.hour_shift=1",
)


def composed(*words: str) -> CellSettings:
    return compose_cell(*words, "tracking=none")


def refused(cell: CellSettings) -> str:
    with pytest.raises(SmartgenError) as error:
        check_settings(cell)
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ["dataset=logs"],
            "dataset.path is null, expected the file of the home's log: CSV, Parquet or Home Assistant's "
            "home-assistant_v2.db",
        ),
        (
            ["experiment=adapt", "synthesizer=walk"],
            "dataset.path is null, expected the file of the home's log: CSV, Parquet or Home Assistant's "
            "home-assistant_v2.db",
        ),
        (
            [*LOG, "dataset.settle_seconds=-1"],
            "dataset.settle_seconds is -1.0, expected 0 or more seconds",
        ),
        (
            [*LOG, "dataset.settle_seconds=nan"],
            "dataset.settle_seconds is nan, expected 0 or more seconds",
        ),
        (
            [*LOG, "dataset.settle_seconds=inf"],
            "dataset.settle_seconds is inf, expected 0 or more seconds",
        ),
        (
            [*LOG, "synthesizer=replay"],
            "synthesizer is replay, but nothing is recorded for a home of your own; take embedded, walk or "
            "another",
        ),
        (
            [*LOG, "dataset.format=xml"],
            "dataset.format is 'xml', expected one of auto, csv, parquet, home_assistant",
        ),
        (
            ["dataset=demo", "synthesizer=walk", "transition.split=2024-03-01"],
            "transition.split is '2024-03-01', but only dataset=logs is split; take null",
        ),
        (
            [*ADAPT, "transition.target=' '"],
            "transition.target is empty, expected what that time is like, as transition.target='summer, "
            "windows open'",
        ),
        (
            [*ADAPT, "transition.change.hour_shift=0"],
            "synthesizer is walk, which reads no prose, and transition.change changes nothing; say what "
            "changes, as +transition.change.replace={heater:[fan]} or transition.change.hour_shift=2, or "
            "take synthesizer=embedded_shifts",
        ),
        (
            [*ADAPT, "protocol.few=3"],
            "protocol.few is 3, but task=adapt trains on nothing real of the new context; take 0",
        ),
        (
            [*ADAPT, "protocol=released"],
            "with task=adapt, protocol.name is 'released', expected one of unified",
        ),
        (
            [*ADAPT, "predictor=device"],
            "with task=adapt, predictor is 'device', expected one of "
            "hmm, fpmc, lstm, carnn, caser, siar, sasrec, popular, markov",
        ),
        (
            [*ADAPT, "regime=oracle"],
            "with task=adapt, protocol=unified, regime is 'oracle', expected one of source, synthetic, "
            "mixed, adapted",
        ),
        (
            [*ADAPT, "trainer.precision=64-true"],
            "save is true, but trainer.precision is '64-true', expected one of 32-true, bf16-mixed, 16-mixed",
        ),
    ],
)
def test_one_line_names_key_value_and_what_may_stand_there(words: list[str], told: str) -> None:
    assert refused(composed(*words)) == told


@pytest.mark.parametrize("dataset", ["demo", "fr"])
def test_a_split_is_for_a_log_alone(dataset: str) -> None:
    cell = composed(f"dataset={dataset}", "protocol=unified")
    cell.transition.split = "18:00-06:00"
    assert refused(cell) == "transition.split is '18:00-06:00', but only dataset=logs is split; take null"


@pytest.mark.parametrize("task", ["detection", "prediction", "distribution", "compression"])
def test_a_log_is_measured_on_by_every_task(task: str) -> None:
    cell = composed(*LOG, f"task={task}", "transition.split=2024-03-01")
    check_settings(cell)
    assert (cell.task, cell.transition.split) == (task, "2024-03-01")


@pytest.mark.parametrize("format_", ["auto", "csv", "parquet", "home_assistant"])
def test_what_is_right_passes_before_the_log_is_there(format_: str) -> None:
    cell = composed(*ADAPT, f"dataset.format={format_}", "dataset.settle_seconds=0")
    check_settings(cell)
    assert isinstance(cell.dataset, LogsSettings)


def test_few_real_sequences_are_another_tasks_affair() -> None:
    few = ("task=prediction", "transition.split=2024-03-01")
    cell = composed(*LOG, *few, "protocol.few=3")
    check_settings(cell)
    cell.task = "adapt"
    cell.transition.change.hour_shift = 1
    assert refused(cell).startswith("protocol.few is 3")
