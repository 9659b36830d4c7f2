from pathlib import Path

import numpy as np
import pytest

from smartgen.core.errors import SmartgenError
from smartgen.core.types import ACTION, DEVICE, HOUR, Sequences
from smartgen.data.attacks.released import RELEASED, released_attack
from smartgen.data.attacks.unified import KINDS, AttackContext, attack, on_off_device
from smartgen.data.release import context_file, datasets, read_sequences, read_vocabulary
from smartgen.data.unpickle import load_pickle
from smartgen.data.vocabulary import Vocabulary
from smartgen.stages.tss import split_sequences

HOME = Vocabulary(
    ("Heater", "Lamp", "Television"),
    (
        "Heater:switch on",
        "Lamp:switch off",
        "Lamp:switch on",
        "Television:switch off",
        "Television:switch on",
    ),
)
NORMAL = Sequences.from_lists([[0, 1, 1, 2], [0, 6, 1, 2, 0, 7, 1, 1, 1, 0, 2, 4]])
CONTEXT = AttackContext(HOME, Sequences.from_lists([[0, 0, 0, 0, 0, 0, 1, 2]]), NORMAL)


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.mark.parametrize("kind", RELEASED)
def test_released_attacks_keep_number_length_and_days(kind: str) -> None:
    made = released_attack(kind, NORMAL, HOME)
    assert made.lengths.tolist() == NORMAL.lengths.tolist()
    if kind != "television_start":  # which moves the day, too
        assert made.values[:, 0].tolist() == NORMAL.values[:, 0].tolist()
    assert made != NORMAL


def test_a_television_starts_a_window_on_friday_at_midnight() -> None:
    row = [x for t in range(6) for x in (t, 3, 1, 2)]
    made = released_attack("television_start", Sequences.from_lists([row, row[:8]]), HOME)
    start = [4, 0, 2, 4, 4, 0, 2, 3, 4, 0, 2, 4, 4, 0, 2, 3]
    assert made.to_lists() == [start + row[16:], start[:8]]


def test_bad_input_is_named() -> None:
    with pytest.raises(SmartgenError, match="heater, daytime_hours, television"):
        released_attack("flood", NORMAL, HOME)
    with pytest.raises(SmartgenError, match="test sequence 1 has no behavior"):
        released_attack("heater", Sequences.from_lists([[0, 0, 0, 0], []]), HOME)
    with pytest.raises(SmartgenError, match="device 'Heater'"):
        released_attack("heater", NORMAL, Vocabulary(("Lamp",), ("Lamp:on",)))


def test_a_command_comes_from_the_source_and_is_foreign_to_the_target() -> None:
    made = attack("command", NORMAL, NORMAL, CONTEXT, rng())
    assert made.kept.tolist() == [0, 1]
    for normal, attacked in zip(NORMAL, made.sequences, strict=True):
        changed = [b for a, b in zip(normal, attacked, strict=True) if a != b]
        assert [(b.device, b.action) for b in changed] == [(0, 0)]


def test_hours_move_by_twelve() -> None:
    made = attack("hours", NORMAL, NORMAL, CONTEXT, rng()).sequences
    assert made.values[:, HOUR].tolist() == [5, 2, 3, 4]
    assert made.values[:, [0, 2, 3]].tolist() == NORMAL.values[:, [0, 2, 3]].tolist()


def test_a_burst_toggles_one_device_and_needs_two_behaviors() -> None:
    made = attack("burst", NORMAL, NORMAL, CONTEXT, rng())
    assert made.kept.tolist() == [1]
    assert made.sequences.values[:, [DEVICE, ACTION]].tolist() == [[2, 4], [2, 3], [2, 4]]


def test_without_a_television_the_most_used_switch_is_toggled() -> None:
    home = Vocabulary(
        ("Fan", "Lamp"), ("Fan:switch off", "Fan:switch on", "Lamp:switch off", "Lamp:switch on")
    )
    used = Sequences.from_lists([[0, 0, 1, 3, 0, 0, 1, 2, 0, 0, 0, 1]])
    assert on_off_device(AttackContext(home, used, used)) == (1, 3, 2)
    assert on_off_device(AttackContext(Vocabulary(("A",), ("A:go",)), used, used)) is None


@pytest.mark.parametrize("names", [("turn_off", "turn_on"), ("off", "on"), ("switch off", "switch on")])
def test_a_switch_is_known_in_the_words_of_any_log(names: tuple[str, str]) -> None:
    home = Vocabulary(("button", "lamp"), ("button:on_hold", *(f"lamp:{name}" for name in names)))
    used = Sequences.from_lists([[0, 0, 1, 1]])
    assert on_off_device(AttackContext(home, used, used)) == (1, 2, 1)


@pytest.mark.parametrize("kind", KINDS)
def test_an_attack_that_equals_a_real_sequence_is_none(kind: str) -> None:
    made = attack(kind, NORMAL, NORMAL, CONTEXT, rng())
    again = attack(kind, NORMAL, made.sequences, CONTEXT, rng())
    assert (len(again.kept), again.dropped) == (0, len(made.kept))


def test_a_home_without_foreign_habits_has_no_command_attack() -> None:
    same = AttackContext(HOME, NORMAL, NORMAL)
    assert len(attack("command", NORMAL, NORMAL, same, rng()).kept) == 0


@pytest.mark.release
@pytest.mark.parametrize(
    ("context", "kind", "name"),
    [("spring", "heater", "heater"), ("night", "daytime_hours", "time"), ("multiple", "television", "tv")],
)
def test_released_attack_files_are_reproduced(release: Path, context: str, kind: str, name: str) -> None:
    folder = release / "anomaly_detection_pipeline/attack"
    found = [dataset for dataset in datasets(release) if (folder / dataset).is_dir()]
    assert len(found) >= 2
    for dataset in found:
        vocabulary = read_vocabulary(release, dataset)
        raw = read_sequences(context_file(release, dataset, context, "test.pkl"))
        ours = released_attack(kind, split_sequences(raw, vocabulary), vocabulary)
        labeled = load_pickle(folder / dataset / f"labeled_{dataset}_{context}_attack_{name}.pkl")
        assert isinstance(labeled, list)
        assert ours == Sequences.from_lists([sequence for sequence, _ in labeled])
        assert {label for _, label in labeled} == {1}
