"""Regime adapted: shares and their compromise, the coupling, the moved log, experts and their committee."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from smartgen.adaptation.actions import device_actions
from smartgen.adaptation.coupling import maximal_coupling
from smartgen.adaptation.experts import expert_weights, experts
from smartgen.adaptation.moved import estimate_shift, interleave, move, templates
from smartgen.adaptation.shares import compromise, field_shares, total_variation, trust
from smartgen.core.errors import SmartgenError
from smartgen.core.types import ACTION, DEVICE, Sequences
from smartgen.data.vocabulary import Vocabulary
from smartgen.settings import AdaptationSettings

HOME = Vocabulary(
    ("Heater", "Fan", "Lamp", "Lock"),
    ("Heater:on", "Heater:off", "Fan:on", "Fan:off", "Fan:swing", "Lamp:on", "Lamp:off", "Lock:lock"),
)
HEATER, FAN, LAMP = 0, 1, 2
RNG = np.random.default_rng
masses = arrays(float, 5, elements=st.floats(0.0, 1.0)).filter(lambda x: x.sum() > 0.1)
shares = masses.map(lambda x: x / x.sum())


def log(*flats: list[int]) -> Sequences:
    return Sequences.from_lists(flats)


# A winter of heating and light; a set that has the fan in the heater's place.
WINTER = log(
    *[[day, 2, HEATER, 0, day, 2, LAMP, 5, day, 3, HEATER, 0] for day in range(7)],
    *[[day, 6, LAMP, 5, day, 7, LAMP, 6] for day in range(7)],
)
WRITTEN = log(*[[day, 2, FAN, 2, day, 2, LAMP, 5, day, 2, FAN, 3] for day in range(5)])


@given(shares, shares)
def test_the_coupling_turns_one_into_the_other_and_moves_least(old, new) -> None:
    found = maximal_coupling(old, new)
    stays = old * found.keep
    np.testing.assert_allclose(stays + (1 - stays.sum()) * found.excess, new, atol=1e-9)
    assert 1 - stays.sum() == pytest.approx(total_variation(old, new), abs=1e-9)


@given(shares, shares, st.floats(0, 1))
def test_the_compromise_lies_between(old, new, noise) -> None:
    believed, followed = compromise(old, new, noise)
    assert 0 <= followed <= 1
    assert believed.sum() == pytest.approx(1)
    assert total_variation(old, believed) == pytest.approx(followed * total_variation(old, new))


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0.01, 1))
def test_a_larger_difference_is_trusted_more(one, other, noise) -> None:
    low, high = sorted((one, other))
    assert trust(low, noise) <= trust(high, noise)
    assert trust(noise, noise) == 0


def test_actions_are_the_devices_own_and_a_device_that_comes_uses_the_homes_commands() -> None:
    table = device_actions(WINTER, WRITTEN, HOME, commands=1.0)
    np.testing.assert_allclose(table.sum(axis=1), 1)
    for device, name in enumerate(HOME.devices):
        allowed = [text.startswith(f"{name}:") for text in HOME.actions]
        assert table[device, ~np.array(allowed)].sum() == 0
    fan = table[FAN]
    assert fan[2] > fan[4] > 0  # written, and a command that no device of the home was seen to use
    plain = device_actions(WINTER, WRITTEN, HOME, commands=0.0)
    assert plain[FAN, 4] == 0
    assert plain[3].sum() == 0  # the lock was never used, and nothing else tells what it does


def test_the_moved_log_has_the_believed_shares_and_the_old_order() -> None:
    shift = estimate_shift(WINTER, WRITTEN, HOME, noise=0.0, commands=0.0)
    assert (shift.device_trust, shift.hour_trust) == (1.0, 1.0)
    moved = move(WINTER, shift, 4000, RNG(0))
    before, after = (field_shares(one, DEVICE, 4) for one in (templates(WINTER), WRITTEN))
    assert total_variation(field_shares(moved, DEVICE, 4), after) < 0.25 * total_variation(before, after)
    assert HEATER not in moved.values[:, DEVICE]
    for first, *_, last in moved:
        assert (last.hour - first.hour) % 8 == 1


def test_what_repeats_in_a_sequence_repeats_when_moved() -> None:
    heating = log(*[[day, 2, HEATER, 0, day, 2, LAMP, 5, day, 3, HEATER, 0] for day in range(7)])
    shift = estimate_shift(heating, WRITTEN, HOME, noise=0.0, commands=1.0)
    moved = move(heating, shift, 500, RNG(0))
    assert {one[0].device for one in moved} == {FAN}
    assert all((one[0].device, one[0].action) == (one[2].device, one[2].action) for one in moved)


def test_a_written_set_like_the_log_moves_nothing() -> None:
    shift = estimate_shift(WINTER, WINTER, HOME, noise=0.3, commands=1.0)
    assert shift.device_trust == shift.hour_trust == 0
    assert set(move(WINTER, shift, 200, RNG(0)).contents()) <= set(WINTER.contents())


def test_interleaved_sequences_hold_two_in_their_orders() -> None:
    merged = interleave(WINTER, RNG(1))
    assert len(merged) == len(WINTER)
    assert merged.lengths.min() >= 4
    for one in merged:
        assert len({(b.day, b.hour) for b in one}) == 1


def test_templates_are_distinct_and_not_single() -> None:
    single = [0, 0, LAMP, 5]
    twice = log(single, [*single, *single], [*single, *single])
    assert templates(twice).lengths.tolist() == [2]
    assert len(templates(log(single, single))) == 1  # nothing longer is there


def test_experts_by_name_with_their_weights() -> None:
    settings = AdaptationSettings("pooled", noise=0.1, sequences=50, interleaved=0.4)
    names = ("source", "moved", "written")
    found = experts(names, WINTER, WRITTEN, HOME, settings, RNG(0))
    assert [one.name for one in found] == list(names)
    assert found[0].sequences is WINTER
    assert found[2].sequences is WRITTEN
    assert len(found[1].sequences) == 50
    assert sum(one.weight for one in found) == pytest.approx(1)
    again = experts(names, WINTER, WRITTEN, HOME, settings, RNG(0))
    assert again[1].sequences == found[1].sequences
    assert set(found[1].sequences.values[:, ACTION]) <= set(range(len(HOME.actions)))
    (alone,) = experts(("moved",), WINTER, WRITTEN, HOME, settings, RNG(0))
    assert alone.weight == 1
    assert expert_weights(("source", "written"), trust=0.0) == [1.0, 0.0]


def test_an_empty_set_is_named() -> None:
    settings = AdaptationSettings("pooled")
    with pytest.raises(SmartgenError, match="14 sequences of the old log and 0 written ones"):
        experts(("moved",), WINTER, WINTER.take([]), HOME, settings, RNG(0))
