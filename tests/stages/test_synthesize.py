import itertools

import numpy as np
import pytest

from smartgen.core.errors import SmartgenError
from smartgen.core.types import ACTION, DEVICE, HOUR, Sequences
from smartgen.data.vocabulary import Vocabulary
from smartgen.stages.gss import behavior_graph
from smartgen.stages.synthesize.walk import Change, _Walker, walk

SAME = Change(hour_shift=0, replace={}, lengthen=1.0)


def written(
    pieces: Sequences, vocabulary: Vocabulary, change: Change = SAME, graph: bool = True, seed: int = 0
) -> Sequences:
    edges = behavior_graph(pieces, vocabulary).edges if graph else None
    return walk(pieces, edges, vocabulary, change, 60, np.random.default_rng(seed))


def test_walks_follow_edges_of_the_graph(toy_sequences: Sequences, toy_vocabulary: Vocabulary) -> None:
    matrix = behavior_graph(toy_sequences, toy_vocabulary).matrix()
    steps = followed = 0
    for sequence in written(toy_sequences, toy_vocabulary):
        for a, b in itertools.pairwise(sequence):
            if matrix[a.action].any():  # an action without a successor is followed by any
                steps += 1
                followed += bool(matrix[a.action, b.action])
    assert steps > 50
    assert followed == steps


def test_without_a_graph_the_steps_are_free(toy_sequences: Sequences, toy_vocabulary: Vocabulary) -> None:
    guided = written(toy_sequences, toy_vocabulary)
    free = written(toy_sequences, toy_vocabulary, graph=False)
    pairs = [len({(a.action, b.action) for s in w for a, b in itertools.pairwise(s)}) for w in (guided, free)]
    assert pairs[1] > pairs[0]


def test_lengths_and_ids_are_those_of_a_home(toy_sequences: Sequences, toy_vocabulary: Vocabulary) -> None:
    made = written(toy_sequences, toy_vocabulary, Change(0, {}, 3.0))
    assert len(made) == 60
    assert made.lengths.min() >= 2
    assert made.lengths.max() <= 10
    assert (made.values < [7, 8, 3, 6]).all()
    for device, action in np.unique(made.values[:, [DEVICE, ACTION]], axis=0):
        assert toy_vocabulary.prefix_device(int(action)) == device


def test_the_new_context_has_other_hours_and_devices(
    toy_sequences: Sequences, toy_vocabulary: Vocabulary
) -> None:
    heater, fan = toy_vocabulary.ids[2]["Heater"], toy_vocabulary.ids[2]["Fan"]
    made = written(toy_sequences, toy_vocabulary, Change(4, {"Heater": ["Fan"], "Sauna": ["Fan"]}, 1.0))
    assert heater not in made.values[:, DEVICE]
    assert fan in made.values[:, DEVICE]
    first_hours = made.values[made.offsets[:-1], HOUR]
    assert set(first_hours.tolist()) <= {(h + 4) % 8 for h in (2, 7)}


def test_the_same_seed_writes_the_same(toy_sequences: Sequences, toy_vocabulary: Vocabulary) -> None:
    assert written(toy_sequences, toy_vocabulary) == written(toy_sequences, toy_vocabulary)
    assert written(toy_sequences, toy_vocabulary) != written(toy_sequences, toy_vocabulary, seed=1)


def test_an_empty_log_is_named(toy_vocabulary: Vocabulary) -> None:
    with pytest.raises(SmartgenError, match="source context is empty"):
        walk(Sequences.from_lists([]), None, toy_vocabulary, SAME, 5, np.random.default_rng(0))


def test_a_walk_from_few_survivors_knows_the_devices_of_the_whole_log(
    toy_sequences: Sequences, toy_vocabulary: Vocabulary
) -> None:
    """SSC leaves actions out that the graph still leads to."""
    edges = behavior_graph(toy_sequences, toy_vocabulary).edges
    survivors = toy_sequences[2:3]
    made = walk(survivors, edges, toy_vocabulary, SAME, 40, np.random.default_rng(0), toy_sequences)
    assert set(made.values[:, ACTION].tolist()) > set(survivors.values[:, ACTION].tolist())
    for device, action in np.unique(made.values[:, [DEVICE, ACTION]], axis=0):
        assert toy_vocabulary.prefix_device(int(action)) == device


def test_steps_are_drawn_as_numpy_draws_by_shares(
    toy_sequences: Sequences, toy_vocabulary: Vocabulary
) -> None:
    counts, numpys = np.array([3, 1, 4, 1, 5]), np.random.default_rng(7)
    edges = {0: [(10 + place, int(count)) for place, count in enumerate(counts)], 1: []}
    walker = _Walker(toy_sequences, edges, toy_vocabulary, SAME, np.random.default_rng(7), toy_sequences)
    weighted = [10 + numpys.choice(len(counts), p=counts / counts.sum()) for _ in range(2_000)]
    assert [walker._next(0) for _ in range(2_000)] == weighted
    anywhere = toy_sequences.values[:, ACTION]
    for nowhere in (1, 2):  # without a successor, and unknown to the graph
        drawn = [walker._next(nowhere) for _ in range(200)]
        assert drawn == [numpys.choice(anywhere) for _ in range(200)]
