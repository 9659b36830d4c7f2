"""Which records fill a cell."""

from __future__ import annotations

import shlex
from collections.abc import Callable

import pytest

from smartgen.core.errors import SmartgenError
from smartgen.core.records import Record
from smartgen.tables.select import MISSING, check_where, choose, lookup, matches, parse_where

Make = Callable[..., Record]


def test_lookup_reads_axes_then_dotted_settings_then_names(make_record: Make) -> None:
    record = make_record("a", seed=7)
    assert lookup(record, "dataset") == "fr"
    assert lookup(record, "trainer.threads") == 1
    assert lookup(record, "detector") == "transae"
    assert lookup(record, "detector.width") is MISSING
    assert lookup(record, "trainer") is MISSING


def test_matching_is_strict_for_results_and_lenient_for_failures(make_record: Make) -> None:
    wanted = {"dataset": "fr", "detector": "transae", "regime": "synthetic"}
    assert not matches(make_record("a"), wanted)
    assert matches(make_record("a", regime="synthetic"), wanted)
    assert matches(make_record("a", ok=False), wanted)
    assert not matches(make_record("a", ok=False, regime="oracle"), wanted)
    assert not matches(make_record("a", threads=1), {"trainer.threads": True})


def test_seeds_of_one_setting_come_together_in_order(make_record: Make) -> None:
    """Paths and progress bars differ between these records, and are no settings."""
    choice = choose([make_record("b", seed=10), make_record("a", seed=2)], {})
    assert [record.key for record in choice.records] == ["a", "b"]
    assert choice.note == ""


def test_settings_are_never_mixed_and_most_seeds_win(make_record: Make) -> None:
    records = [make_record("a", seed=1), make_record("b", seed=2), make_record("c", seed=3, threads=2)]
    choice = choose(records, {})
    assert [record.key for record in choice.records] == ["a", "b"]
    assert choice.note == "2 settings recorded, one shown: pass --where trainer.threads=1"


@pytest.mark.parametrize(("extra", "said"), [({"draw": None}, "null"), ({}, "'ssc.draw=(none)'")])
def test_the_filter_that_is_named_selects_what_is_shown(
    make_record: Make, extra: dict[str, None], said: str
) -> None:
    records = [make_record("a", seed=1), make_record("b", seed=2), make_record("c", seed=3)]
    for record, ssc in zip(records, (extra, extra, {"draw": 5}), strict=True):
        record.result["config"]["ssc"] = {"name": "released", **ssc}
    note = choose(records, {}).note
    assert said in note
    where = parse_where([shlex.split(note.rpartition("--where ")[2])[0]])
    assert [record.key for record in records if matches(record, where)] == ["a", "b"]


def test_declared_defaults_go_before_more_seeds(make_record: Make) -> None:
    records = [make_record("a", seed=1), make_record("b", seed=2), make_record("c", seed=3, threads=2)]
    choice = choose(records, {"trainer.threads": 2, "trainer.unheard_of": 3})
    assert [record.key for record in choice.records] == ["c"]
    assert "--where trainer.threads=2" in choice.note


def test_a_lone_setting_beside_the_defaults_is_used_and_said(make_record: Make) -> None:
    choice = choose([make_record("a", threads=2)], {"trainer.threads": 1})
    assert len(choice.records) == 1
    assert choice.note == "departs from the declared settings: trainer.threads=2, default 1"


def test_equal_settings_and_seeds_keep_the_newest(make_record: Make) -> None:
    old, new = make_record("b", 0.5, finished="2026-03-01"), make_record("a", 0.6, finished="2026-03-02")
    choice = choose([new, old], {})
    assert [record.key for record in choice.records] == ["a"]
    assert choice.note == "seed 1 recorded with different results, newest shown"


def test_all_orders_give_the_same_choice(make_record: Make) -> None:
    records = [
        make_record(key, seed=seed, threads=threads)
        for key, seed, threads in zip("abcd", [1, 2, 1, 2], [1, 1, 2, 2], strict=True)
    ]
    assert choose(records, {}) == choose(records[::-1], {})


def test_where_is_parsed_and_checked(make_record: Make) -> None:
    assert parse_where(["a.b=1", "c=x=y", "d=true"]) == {"a.b": 1, "c": "x=y", "d": True}
    for bad in (["threads"], ["=1"], ["a=1", "a=2"], ["a=[1"]):
        with pytest.raises(SmartgenError, match="--where"):
            parse_where(bad)
    with pytest.raises(SmartgenError, match=r"close ones: trainer\.threads"):
        check_where({"trainer.thread": 1}, [make_record("a")])
    check_where({"trainer.thread": 1}, [])
    check_where({"trainer.threads": 5}, [make_record("a")])


def test_a_default_may_name_what_the_record_itself_has(make_record: Callable[..., Record]) -> None:
    """As a threshold that another home or change sets otherwise."""
    records = []
    for key, threshold in (("own", 0.9), ("study-a", 0.5), ("study-b", 0.5)):
        record = make_record(key, seed=len(records))
        record.result["config"] |= {"threshold": threshold, "recorded": {"threshold": 0.9}}
        records.append(record)
    chosen = choose(records, {"threshold": "=recorded.threshold"})
    assert [record.key for record in chosen.records] == ["own"]
