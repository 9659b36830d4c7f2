"""Contradictions in the printed numbers are found by arithmetic."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from smartgen.tables.declare import Place, load_named
from smartgen.tables.marks import harmonic_holds, marks

SHARE = st.floats(0, 1)


def test_table2_has_the_two_broken_triples_and_the_two_swapped_recalls() -> None:
    found = marks(load_named("table2"))
    places = [
        Place("FR", "TT", metric, method)
        for method in ("LOF", "IF")
        for metric in ("Recall", "Precision", "F1 Score")
    ]
    assert set(found) == set(places)
    released = {place: text for place, text in found.items() if "release" in text}
    assert set(released) == {place for place in places if place.metric == "Recall"}
    assert released[places[0]].startswith("paper 0.3774, its release 0.1984; ")


@given(SHARE, SHARE)
def test_rounding_alone_never_breaks_the_identity(precision: float, recall: float) -> None:
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    assert harmonic_holds(round(f1, 4), round(precision, 4), round(recall, 4))


def test_a_difference_beyond_rounding_breaks_it() -> None:
    assert harmonic_holds(0.6667, 0.5, 1.0)
    assert not harmonic_holds(0.6669, 0.5, 1.0)
    assert harmonic_holds(0.0, 0.0, 0.0)
    assert not harmonic_holds(0.1, 0.0, 0.0)
