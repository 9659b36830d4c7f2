"""Hints, inventories, answers and sets: each check comes out either way on a few files."""

from __future__ import annotations

import json
from typing import Any

import pytest

from smartgen.audit.finding import UncheckableError
from smartgen.audit.writing import d11, d13, d15, d16, d17
from smartgen.core.types import Sequences
from smartgen.data.release import read_vocabulary
from smartgen.stages.gss import behavior_graph

SIX = [0, 2, 3, 6, 7, 1]  # actions, one of each following "Heater:switch on"
BUSY = [[0, 2, 0, 1, 0, 2, 1, action] for action in SIX]
LATE = [0, 0, 1, 4, 2, 0, 1, 3]  # two days apart: two pieces
INVENTORY = (
    "Heater: switch off, switch on; Light: refresh refresh, switch off, switch on; "
    "Other: switch on; Television: switch off, switch on."
)
MONDAY = ["Monday", "(0~3)", "Light", "Light:switch on"]
TUESDAY = ["Tuesday", "(3~6)", "Light", "Light:switch off"]
ODD = [0, 0, 2, 5]  # (Other, None:location)


def hints(made_up: Any, rows: list[list[int]], top_k: int = 5) -> str:
    graph = behavior_graph(Sequences.from_lists(rows), read_vocabulary(made_up.root, "fr"))
    return json.dumps(graph.hints(top_k))


@pytest.mark.parametrize(
    ("counted", "top_k", "holds"), [("pieces", 5, True), ("pieces", 6, False), ("sequences", 5, False)]
)
def test_hints_tell_what_was_counted(made_up: Any, counted: str, top_k: int, holds: bool) -> None:
    pieces, raw = [*BUSY, LATE[:4], LATE[4:]], [*BUSY, LATE]
    made_up.data("winter", "trn", raw)
    made_up.data("winter", "split_trn", pieces)
    made_up.data(
        "winter", "action_transitions.json", hints(made_up, pieces if counted == "pieces" else raw, top_k)
    )
    found = d11(made_up.ground())
    assert found.holds is holds
    assert "actions with more than 5 successors: 1" in found.evidence[1]
    if holds:
        assert "equal to ours from pieces with k = 5, from unsplit sequences not" in found.evidence[1]


def test_hints_that_any_k_gives_confirm_nothing(made_up: Any) -> None:
    made_up.data("winter", "trn", [LATE])
    made_up.data("winter", "split_trn", [LATE[:4], LATE[4:]])
    made_up.data("winter", "action_transitions.json", hints(made_up, [LATE[:4], LATE[4:]]))
    found = d11(made_up.ground())
    assert not found.holds
    assert "k = 1 to 9" in found.evidence[1]


def test_a_whole_inventory_refutes(made_up: Any) -> None:
    made_up.write("SmartGen/fr_keys_best.txt", INVENTORY.replace("Other: switch on; ", ""))
    found = d13(made_up.ground())
    assert not found.holds
    assert "devices without an entry: 1 (Other); 1 of 8 actions not offered" in found.evidence[1]


def test_faults_of_an_inventory_are_named(made_up: Any) -> None:
    made_up.write("SmartGen/fr_keys_best.txt", INVENTORY.replace("Light: ", "Li "))
    found = d13(made_up.ground())
    assert found.holds
    assert "entries without a device: 1 ('Li refresh refresh, switch off, switch on')" in found.evidence[1]
    assert "commands that the home lacks: 1 (Other:switch on)" in found.evidence[1]


@pytest.mark.parametrize(
    ("text", "holds"),
    [(f"<seq {[MONDAY, TUESDAY]} seq>", False), (f"<seq [\n{MONDAY},\n{TUESDAY}\n] seq>", True)],
)
def test_answers_that_give_nothing_are_counted(made_up: Any, text: str, holds: bool) -> None:
    made_up.detected("spring", [[0, 0, 1, 4]])
    made_up.answer("spring", 0, text)
    found = d15(made_up.ground())
    assert found.holds is holds
    assert (
        found.evidence[0] == f"answers that give nothing: {int(holds)}; 1 of 1 cells have their answers here"
    )
    if holds:
        assert found.evidence[1] == "FR ST: 1 of 1 answers give nothing (their text holds 2 sequences)"


@pytest.mark.parametrize(
    ("written", "logged", "holds"), [(ODD, ODD, True), (ODD, LATE[:4], False), (LATE[:4], ODD, False)]
)
def test_pairs_of_two_devices_are_looked_up_in_logs(
    made_up: Any, written: list[int], logged: list[int], holds: bool
) -> None:
    made_up.detected("spring", [LATE[:4]])
    made_up.filtered("spring", [written, LATE[:4]], "")
    made_up.data("winter", "trn", [logged])
    found = d16(made_up.ground())
    assert found.holds is holds
    if holds:
        assert found.evidence[1:] == (
            "FR ST: 1 (Other, None:location), of 2 behaviors",
            "fr, raw logs of all contexts (trn, vld, test): 1 (Other, None:location) (100.0 %)",
            "sp, raw logs of all contexts (trn, vld, test): none",
        )


@pytest.mark.parametrize(("stored", "holds"), [([[1, 1, 1, 3]], True), ([[0, 0, 1, 4]], False)])
def test_a_set_follows_from_its_answers_or_not(made_up: Any, stored: list[list[int]], holds: bool) -> None:
    made_up.detected("multiple", stored, home="sp")
    made_up.answer("multiple", 0, f"<seq {[MONDAY]} seq>", home="sp")
    made_up.set("SmartGen/IoT_data/sp/multiple", "multiple", stored, "", home="sp")
    assert d17(made_up.ground()).holds is holds


def test_the_set_in_question_must_be_here(made_up: Any) -> None:
    made_up.detected("spring", [[0, 0, 1, 4]])
    made_up.answer("spring", 0, f"<seq {[MONDAY]} seq>")
    made_up.set("SmartGen/IoT_data/fr/spring", "spring", [[0, 0, 1, 4]], "")
    with pytest.raises(UncheckableError, match="needs the set of SP NT before TOF with its answers"):
        d17(made_up.ground())


@pytest.mark.release
def test_released_hints_come_from_pieces(confirm: Any) -> None:
    evidence = confirm("D11")
    assert (
        "sp winter: 56 actions; equal to ours from pieces with k = 5, from unsplit sequences not; actions "
        "with more than 5 successors: 9"
    ) in evidence
    assert "fr daytime: 14 actions; equal to ours from pieces with k = 3 to 9" in evidence


@pytest.mark.release
def test_released_inventories_have_faults(confirm: Any) -> None:
    evidence = confirm("D13")
    assert (
        "fr: entries without a device: 1 ('Dish notification, start'); commands that the home lacks: 2 "
        "(Heater:setThermostatFanMode, Heater:setThermostatMode); devices without an entry: 2 (Dishwasher, "
        "None); 26 of 222 actions not offered, 19 of them refreshes"
    ) in evidence
    assert "devices without an entry: 1 (None); 23 of 234 actions not offered" in evidence


@pytest.mark.release
def test_released_answers_were_lost(confirm: Any) -> None:
    evidence = confirm("D15")
    assert "SP NT: 1 of 11 answers give nothing (their text holds 6 sequences)" in evidence
    assert "SP ST: 0 of 16 answers give nothing" in evidence
    assert "Table 4, without all: 3 of 7 answers give nothing (their text holds 20 sequences)" in evidence


@pytest.mark.release
def test_released_sets_have_pairs_of_two_devices(confirm: Any) -> None:
    evidence = confirm("D16")
    assert "FR ST: 20 (Other, None:location), of 631 behaviors" in evidence
    assert "SP NT: 8 (Other, None:location), of 411 behaviors" in evidence
    assert "sp, raw logs of all contexts (trn, vld, test): 4,314 (Other, None:location) (16.2 %)" in evidence


@pytest.mark.release
def test_one_released_set_does_not_follow(confirm: Any) -> None:
    evidence = confirm("D17")
    assert (
        "SP NT: ours 84, theirs 100, 0 distinct in common; 0 stand in the run's 11 answers, 36 in 2 answers "
        "that an earlier run left"
    ) in evidence
    assert "FR ST: 137 sequences from 15 answers" in evidence
