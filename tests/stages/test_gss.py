import itertools
import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartgen.core.errors import SmartgenError
from smartgen.core.types import Sequences
from smartgen.data.release import context_file, datasets, read_sequences, read_vocabulary
from smartgen.data.vocabulary import Vocabulary
from smartgen.stages.gss import behavior_graph
from smartgen.stages.tss import split_sequences

VOCABULARY = Vocabulary(("D",), tuple(f"D:{i}" for i in range(6)))
action_lists = st.lists(st.lists(st.integers(0, 5), min_size=1, max_size=14), max_size=8)


def sequences_of(actions: list[list[int]]) -> Sequences:
    return Sequences.from_lists([[i for a in row for i in (0, 0, 0, a)] for row in actions])


@given(action_lists)
def test_equals_a_plain_count(actions: list[list[int]]) -> None:
    graph = behavior_graph(sequences_of(actions), VOCABULARY)
    counts: Counter[tuple[int, int]] = Counter()
    for row in actions:
        counts.update(itertools.pairwise(row[:10]))
    order = list(counts)  # a Counter keeps the order in which pairs were first met
    for action in range(6):
        met = [(b, counts[a, b]) for a, b in order if a == action]
        assert graph.edges.get(action, []) == met
        assert graph.successors(action, 5) == sorted(met, key=lambda edge: -edge[1])[:5]
    assert graph.matrix().sum() == counts.total()
    assert graph.nodes.tolist() == sorted({a for row in actions for a in row[:10]})


def test_hints_say_what_follows_and_that_nothing_does() -> None:
    hints = behavior_graph(sequences_of([[0, 1], [0, 2], [0, 2]]), VOCABULARY).hints(top_k=1)
    assert list(hints) == ["D:0", "D:1", "D:2"]
    assert hints["D:0"]["transitions"] == [{"next_action": "D:2", "count": 2}]
    assert list(hints["D:1"]) == ["message"]


def test_bad_input_is_named() -> None:
    with pytest.raises(SmartgenError, match="top_k is 0"):
        behavior_graph([], VOCABULARY).hints(0)
    with pytest.raises(SmartgenError, match="action id 9"):
        behavior_graph(sequences_of([[9]]), VOCABULARY)


@pytest.mark.release
def test_every_hint_file_of_the_release_is_reproduced(release: Path) -> None:
    checked = 0
    for dataset in datasets(release):
        vocabulary = read_vocabulary(release, dataset)
        for path in sorted((release / "SmartGen/IoT_data" / dataset).glob("*/action_transitions.json")):
            theirs = json.loads(path.read_text(encoding="utf-8"))
            raw = read_sequences(context_file(release, dataset, path.parent.name, "trn.pkl"))
            ours = behavior_graph(split_sequences(raw, vocabulary), vocabulary).hints()
            assert list(ours) == list(theirs), path
            for action, hint in theirs.items():
                assert ours[action].get("transitions") == hint.get("transitions"), (path, action)
            checked += 1
    assert checked >= 6
