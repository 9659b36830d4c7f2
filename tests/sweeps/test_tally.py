"""Counts, failures and the time left."""

from hypothesis import given
from hypothesis import strategies as st

from smartgen.llm.plan import Plan
from smartgen.sweeps.journal import ENDS, Event
from smartgen.sweeps.tally import Tally

KINDS = st.sampled_from(("begun", *ENDS, "lost", "said"))
EVENTS = st.lists(st.tuples(KINDS, st.integers(0, 5)), max_size=40)


@given(EVENTS)
def test_every_cell_counts_once_by_its_last_end(happened: list[tuple[str, int]]) -> None:
    tally = Tally(total=6)
    for kind, number in happened:
        tally.add(Event(kind, (f"seed={number}",)))
    last = {number: kind for kind, number in happened if kind in ENDS}
    assert sum(map(tally.count, ENDS)) == len(last)
    assert all(tally.count(kind) == list(last.values()).count(kind) for kind in ENDS)
    assert tally.left == 6 - len(last)
    assert set(tally.ends) == {(f"seed={number}",) for number in last}


def test_the_pace_counts_what_was_worked_on_alone() -> None:
    now = [0.0]
    tally = Tally(total=10, clock=lambda: now[0])
    tally.take_as_recorded([("a",), ("b",)])
    assert tally.seconds_left is None, "what was recorded before says nothing of the pace"
    now[0] = 8.0
    tally.add(Event("done", ("c",)))
    tally.add(Event("failed", ("d",), reason="no"))
    assert tally.seconds_left == 8.0 / 2 * 6


def test_failures_are_kept_in_their_order_until_made_good() -> None:
    tally = Tally()
    for name, mine in (("b", True), ("a", False)):
        tally.add(Event("failed", (name,), reason=name.upper(), bad_input=mine))
    assert [(f.cell, f.reason, f.bad_input) for f in tally.failures] == [
        (("b",), "B", True),
        (("a",), "A", False),
    ]
    tally.add(Event("done", ("b",)))
    assert [failure.reason for failure in tally.failures] == ["A"]


def test_plans_survive_the_journal() -> None:
    plan = Plan(3, {"key": (10, 20, None), "other": (1, 2, 0.5)})
    tally = Tally()
    tally.add(Event("planned", ("a",), plan=plan.to_json()))
    assert tally.plans == [plan]
