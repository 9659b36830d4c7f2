"""The checks pass where the files follow from each other, and fail where anything of ours is wrong."""

from __future__ import annotations

import json
import pickle
import re
from collections import Counter
from pathlib import Path

import pytest

from smartgen.conformance import answers as answers_module
from smartgen.conformance import run
from smartgen.conformance import stages as stages_module
from smartgen.conformance.answers import by_tags, check_answers, is_stale
from smartgen.conformance.detection import check_attacks, check_detectors
from smartgen.conformance.lines import Context, State, first_difference
from smartgen.conformance.sets import check_sets
from smartgen.core.errors import SmartgenError
from smartgen.core.types import Sequences
from smartgen.data.holdout import hold_out
from smartgen.data.recording_names import scan
from smartgen.data.release import datasets, read_vocabulary
from smartgen.data.vocabulary import Vocabulary
from smartgen.llm.parse import ParsedAnswer, parse_answer
from smartgen.llm.replay import answer_text

MON = ["Monday", "(0~3)", "Heater", "Heater:on"]
FAN = ["Sunday", "(21~24)", "Fan", "Fan:off"]
LIGHT = ["Friday", "(9~12)", "Light", "Light:on"]


def write(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(value))


def answer(
    spring: Path, day: int, text: str, stored: object, llm: str = "gpt-4o", threshold: str = "0.9"
) -> None:
    name = f"xx_spring_generation_day_{day}_SPPC_th={threshold}_{llm}"
    write(spring / f"{name}.pkl", text)
    write(spring / f"{name}_seq.pkl", stored)


@pytest.fixture
def root(tmp_path: Path, toy_vocabulary: Vocabulary) -> Path:
    """A release of one dataset in which every check finds something, and all of it agrees."""
    tables = {
        "xx_devices_dict": {name: i for i, name in enumerate(toy_vocabulary.devices)},
        "xx_actions": {name: i for i, name in enumerate(toy_vocabulary.actions)},
    }
    data = tmp_path / "SmartGen/IoT_data/xx"
    data.mkdir(parents=True)
    (tmp_path / "SmartGen/dictionary.json").write_text(json.dumps(tables))
    write(data / "winter/trn.pkl", [[0, 0, 1, 3, 0, 1, 1, 2, 2, 0, 0, 1]])
    write(data / "winter/split_trn.pkl", [[0, 0, 1, 3, 0, 1, 1, 2], [2, 0, 0, 1]])
    hints = {"Fan:on": {"message": "-"}, "Heater:off": {"message": "-"}}
    hints["Heater:on"] = {"message": "-", "transitions": [{"next_action": "Heater:off", "count": 1}]}
    (data / "winter/action_transitions.json").write_text(json.dumps(hints))
    spring = data / "spring"
    answer(spring, 0, f"As {[FAN]}, so <seq {[MON, LIGHT]} seq>", [MON, LIGHT])
    answer(spring, 1, f"<seq [\n{MON}\n] seq>", None)
    write(spring / "xx_spring_generation_SPPC_th=0.9_gpt-4o_seq.pkl", [[0, 0, 1, 3], [4, 3, 2, 5]])
    write(data / "winter/trn_day_0_similarity_th=0.9.pkl", [[0, 0, 1, 3, 0, 1, 1, 2]])
    return tmp_path


def filtered(root: Path) -> None:
    """One set as TOF leaves it: six sequences, one of them an outlier that returns behind the others."""
    stem = root / "SmartGen/filter_data/xx/spring/xx_spring_generation_SPPC_th=0.9_gpt-4o_seq"
    usual = [[day, 1, 1, 3] for day in range(5)]
    kept = Sequences.from_lists(usual)
    train, validation = hold_out(kept)
    for part, content in {
        "": [*usual[:2], [6, 7, 2, 5], *usual[2:], [6, 6, 2, 4]],
        "_filter": usual,
        "_filter_trn": train.to_lists(),
        "_filter_vld": validation.to_lists(),
        "_filter_out_0": [[6, 7, 2, 5]],
        "_filter_out_1": [[6, 6, 2, 4]],
        "_filter_true": [*usual, [6, 7, 2, 5]],
    }.items():
        write(stem.with_name(f"{stem.name}{part}.pkl"), content)


def said(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return [line.strip() for line in capsys.readouterr().out.splitlines()]


def test_a_release_that_agrees_passes(root, capsys):
    assert run(root) == 0
    lines = said(capsys)
    assert "equal        xx winter split_trn.pkl: 2 sequences, 3 behaviors" in lines
    assert "equal        xx winter trn_day_0_similarity_th=0.9.pkl: 1 sequences, 2 behaviors" in lines
    assert "equal        xx winter action_transitions.json: 3 actions, 1 successors" in lines
    assert "equal        xx spring gpt-4o SPPC 0.9: 2 of 2 parses equal" in lines
    assert "note         xx spring gpt-4o: 1 of 1 answers give 1 sequences, 1 behaviors" in lines
    counts = {
        "= TSS: 1 of 1 equal",
        "= GSS: 1 of 1 equal",
        "= parse gpt-4o: 2 of 2 equal",
        "= mapping: 1 of 1 equal",
    }
    assert counts <= set(lines)
    assert lines[-1].startswith("conforms to the release (nothing to compare with for: TOF")
    assert not any("generation_day_0" in line for line in lines)
    run(root, ["xx"], verbose=True)
    assert any("generation_day_0" in line for line in said(capsys))


@pytest.mark.parametrize(
    ("name", "stored", "message"),
    [
        (
            "split_trn.pkl",
            [[0, 0, 1, 3, 0, 1, 1, 2]],
            "2 against 1; first difference at 1: ours [2, 0, 0, 1]",
        ),
        (
            "split_trn.pkl",
            [[0, 0, 1, 3, 0, 1, 1, 2], [2, 0, 0, 0]],
            "at 1: ours [2, 0, 0, 1], theirs [2, 0, 0, 0]",
        ),
    ],
)
def test_a_difference_fails_and_is_shown(root, capsys, name, stored, message):
    write(root / "SmartGen/IoT_data/xx/winter" / name, stored)
    assert run(root) == 1
    assert message in capsys.readouterr().out


def test_the_order_of_hints_counts(root, capsys):
    path = root / "SmartGen/IoT_data/xx/winter/action_transitions.json"
    path.write_text(json.dumps(dict(reversed(json.loads(path.read_text()).items()))))
    assert run(root) == 1
    assert "first difference at 0: ours ('Fan:on', []), theirs ('Heater:on'" in capsys.readouterr().out


def test_a_wrong_stage_fails(root, monkeypatch):
    monkeypatch.setattr(stages_module, "split_sequences", lambda sequences, vocabulary: sequences)
    assert run(root) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        lambda lists: None,
        lambda lists: lists and lists[:-1],
        lambda lists: lists and lists[::-1],
        lambda lists: lists or [MON],
        lambda lists: lists and [[word.lower() for word in one] for one in lists],
    ],
    ids=["reads nothing", "loses a list", "other order", "reads too much", "other words"],
)
def test_a_wrong_parser_fails(root, monkeypatch, wrong):
    def parse(text: str, vocabulary: Vocabulary, recover: bool = True) -> ParsedAnswer:
        right = parse_answer(text, vocabulary, recover)
        return ParsedAnswer(wrong(right.quadruples), right.sequences, right.rejects)

    monkeypatch.setattr(answers_module, "parse_answer", parse)
    assert run(root) == 1


def test_a_parse_of_another_answer_is_stale_and_named(root, capsys):
    spring = root / "SmartGen/IoT_data/xx/spring"
    answer(spring, 2, f"<seq {[MON, FAN]} seq>", [MON, LIGHT])
    answer(spring, 3, f"<seq {[MON, FAN]} seq>", [MON, LIGHT, LIGHT + MON])
    assert run(root) == 0
    lines = said(capsys)
    assert "= parse gpt-4o: 2 of 4 equal, 2 stale" in lines
    stale = [line for line in lines if line.startswith("stale")]
    assert stale[0].endswith("stored is the parse of xx_spring_generation_day_0_SPPC_th=0.9_gpt-4o.pkl")
    assert stale[1].endswith("stored is the parse of an answer that is not in this folder")


def test_a_parse_whose_lists_all_stand_in_the_answer_is_not_stale():
    text = f"<seq {[MON, FAN + LIGHT]} seq>".replace("'", '"')
    assert not is_stale(text, [MON])
    assert not is_stale(text, [FAN + LIGHT, MON])
    assert not is_stale(text, None)
    assert is_stale(text, [MON, LIGHT + FAN])


def test_the_earlier_rule_excuses_only_runs_that_it_explains(root, capsys):
    spring = root / "SmartGen/IoT_data/xx/spring"
    text = f"<seq [{MON}], [{FAN}]]] seq>"
    assert by_tags(text) is None
    assert parse_answer(text, read_vocabulary(root, "xx"), recover=False).quadruples == [MON]
    answer(spring, 0, text, None, "other", "0.8")
    answer(spring, 1, f"<seq {[FAN, MON]} seq>", [FAN, MON], "other", "0.8")
    assert run(root) == 0
    assert "= parse other: 1 of 2 equal, 1 earlier rule" in said(capsys)
    answer(spring, 2, f"{[FAN, MON]}", [FAN, MON], "other", "0.8")  # no tags, and yet read
    assert run(root) == 1
    assert any(line.endswith("ours 1 lists, theirs nothing") for line in said(capsys))


def test_sets_name_what_they_follow_from_and_decide_nothing(root):
    spring = root / "SmartGen/IoT_data/xx/spring"
    context = Context(root, "xx", spring, read_vocabulary(root, "xx"))
    write(spring / "xx_spring_generation_SPPC_th=0.9_gpt-4o_seq_nosplit.pkl", [[0, 0, 1, 3], [6, 7, 0, 0]])
    write(root / "SmartGen/filter_data/xx/spring/xx_spring_generation_SPPC_th=0.8_gpt-4o_seq.pkl", [])
    lines = {line.subject.rsplit("/", 1)[1]: line for line in check_sets(context)}
    assert [line.state for line in lines.values()] == [State.EQUAL, State.DIFFERS, State.NOTE]
    other = lines["xx_spring_generation_SPPC_th=0.9_gpt-4o_seq_nosplit.pkl"].detail
    assert other.startswith("ours 2, theirs 2, 1 distinct in common; not derivable")
    assert run(root) == 0


def test_bad_input_is_named(root, tmp_path):
    with pytest.raises(SmartgenError, match="'zz_devices_dict'"):
        run(root, ["zz"])
    for path in (root / "SmartGen/IoT_data/xx").rglob("*.*"):
        path.unlink()
    with pytest.raises(SmartgenError, match="nothing to compare with"):
        run(root)


def test_first_difference_of_a_longer_list():
    assert first_difference([1, 2], [1]) == "2 against 1; first difference at 1: ours 2, theirs nothing"


def contexts(release: Path) -> list[Context]:
    folders = [
        path for name in datasets(release) for path in (release / "SmartGen/IoT_data" / name).glob("*/")
    ]
    return [
        Context(release, path.parent.name, path, read_vocabulary(release, path.parent.name))
        for path in folders
    ]


@pytest.mark.release
def test_the_release_conforms(release, capsys):
    assert run(release, ["fr", "sp"]) == 0
    lines = said(capsys)
    assert "= TSS: 18 of 18 equal" in lines
    assert "= GSS: 6 of 6 equal" in lines
    assert "= parse gpt-4o: 270 of 270 equal" in lines


@pytest.mark.release
def test_stale_parses_of_the_release_are_these(release):
    lines = [line for one in contexts(release) if one.dataset in ("fr", "sp") for line in check_answers(one)]
    states = Counter(line.state for line in lines if line.check.startswith("parse Llama"))
    assert states == {State.EQUAL: 324, State.STALE: 32, State.EARLIER: 2}
    assert {line.subject for line in lines if line.state is State.EARLIER} == {
        "fr spring generation_day_2_2_SPPC_th=0.92_Llama_405B.pkl",
        "sp spring generation_day_0_3_SPPC_th=0.9_Llama_70B.pkl",
    }


@pytest.mark.release
def test_recovery_of_the_release_is_sound(release):
    """What the released rule reads stays, but for five answers that restate the prompt or fall apart."""
    counts, behaviors, changed = Counter(), Counter(), set()
    for context in contexts(release):
        for one in scan(context.folder):
            if not one.is_answer:
                continue
            text = answer_text(one.path)
            plain = parse_answer(text, context.vocabulary, recover=False)
            parsed = parse_answer(text, context.vocabulary)
            if not parsed.recovered:
                assert parsed.sequences == plain.sequences
            elif len(plain.sequences):
                changed.add(one.path.name.split("generation_")[1])
            else:
                counts[context.dataset] += 1
                behaviors[context.dataset] += len(parsed.sequences.values)
            if parsed.recovered:
                assert_verbatim(parsed.sequences, text, context.vocabulary)
    assert (counts["fr"], behaviors["fr"], counts["sp"], behaviors["sp"]) == (8, 168, 81, 1447)
    assert {name for name in changed if "gpt" in name} == {
        "day_5_SPPC_th=0.917_gpt-4o.pkl",
        "day_4_2_SPPC_th=0.917_gpt-4o.pkl",
    }
    assert len(changed) == 5


def assert_verbatim(sequences: Sequences, text: str, vocabulary: Vocabulary) -> None:
    """The behaviors stand in the text word for word and in this order."""
    letters, position = re.sub(r"[\s'\"\[\],]", "", text), 0
    for behavior in (behavior for one in sequences for behavior in one):
        words = re.sub(r"\s", "", "".join(vocabulary.words(behavior)))
        position = letters.find(words, position)
        assert position >= 0
        position += len(words)


@pytest.mark.parametrize(
    ("part", "content", "said_of"),
    [
        ("_filter_trn", [[0, 1, 1, 3]] * 4, "TOF split"),
        ("_filter_out_1", [[1, 1, 1, 1]], "TOF outliers"),
        ("_filter_true", [[6, 7, 2, 5], [0, 1, 1, 3]], "TOF order"),
    ],
)
def test_a_filtered_set_that_does_not_follow_fails(root, capsys, part, content, said_of):
    filtered(root)
    run(root)
    lines = said(capsys)
    assert f"= {said_of}: 1 of 1 equal" in lines
    assert any(line.endswith("seq_filter.pkl: 1 of 2 outliers return") for line in lines)
    name = f"xx_spring_generation_SPPC_th=0.9_gpt-4o_seq{part}.pkl"
    write(root / "SmartGen/filter_data/xx/spring" / name, content)
    assert run(root) == 1
    assert f"= {said_of}: 0 of 1 equal, 1 differs" in said(capsys)


def test_survivors_that_the_rule_does_not_keep_fail(root, capsys):
    write(root / "SmartGen/IoT_data/xx/winter/trn_day_0_similarity_th=0.9.pkl", [[0, 0, 1, 3]])
    assert run(root) == 1
    assert "= SSC by similarity: 0 of 1 equal, 1 differs" in said(capsys)


@pytest.mark.release
def test_recorded_detection_results_follow(release: Path) -> None:
    """FR: attacks bit for bit; rows without chance and trained networks to the four released decimals."""
    vocabulary = read_vocabulary(release, "fr")
    lines = []
    for folder in ("winter", "daytime", "single"):
        context = Context(release, "fr", release / "SmartGen/IoT_data/fr" / folder, vocabulary)
        lines += [*check_attacks(context), *check_detectors(context)]
    assert Counter(line.state for line in lines) == {State.EQUAL: 3 * (2 + 4 + 2)}


def test_a_detector_that_misses_its_recorded_row_is_told(tmp_path: Path, toy_vocabulary: Vocabulary) -> None:
    data = tmp_path / "anomaly_detection_baseline"
    window = [x for t in range(10) for x in (0, t % 8, t % 3, 2 * (t % 3))]
    for part in ("trn", "vld", "test"):
        write(data / f"baseline_data/xx/daytime/{part}.pkl", [window] * 3)
    (data / "results").mkdir()
    row = "model,dataset,env,type,precision,recall,f1_score"
    (data / "results/all.csv").write_text(f"{row}\nMC,xx,daytime,t,0.9,0.9,0.9\n")
    context = Context(tmp_path, "xx", tmp_path / "SmartGen/IoT_data/xx/daytime", toy_vocabulary)
    (line,) = check_detectors(context)
    assert (line.state, line.minor) == (State.DIFFERS, False)
    assert "the release's file has 0.9000" in line.detail
    assert list(check_attacks(context)) == []
