"""The hidden Markov model against all paths written out, and against hmmlearn."""

import itertools

import numpy as np
import pytest
from hmmlearn.hmm import CategoricalHMM

from smartgen.nets.hmm import Chains, Hmm, expected_counts, filtered, log_likelihood, viterbi_last


def model(states: int = 3, symbols: int = 4) -> Hmm:
    rng = np.random.default_rng(0)
    return Hmm(
        rng.dirichlet(np.ones(states)),
        rng.dirichlet(np.ones(states), states),
        rng.dirichlet(np.ones(symbols), states),
    )


CHAINS = Chains(
    np.array([[0, 1, 2, 3], [3, 3, 0, 0], [2, 0, 0, 0]]), np.array([4, 2, 1]), np.array([1.0, 2.0, 0.5])
)


def paths(hmm: Hmm, symbols: list[int]) -> dict[tuple[int, ...], float]:
    """Probability of each path together with the symbols."""
    found = {}
    for path in itertools.product(range(len(hmm.start)), repeat=len(symbols)):
        p = hmm.start[path[0]] * hmm.emission[path[0], symbols[0]]
        for t in range(1, len(symbols)):
            p *= hmm.transition[path[t - 1], path[t]] * hmm.emission[path[t], symbols[t]]
        found[path] = p
    return found


def test_all_paths_written_out_give_the_same() -> None:
    hmm = model()
    start, moves, emissions = np.zeros(3), np.zeros((3, 3)), np.zeros((3, 4))
    likelihood = 0.0
    for row, (length, weight) in enumerate(zip(CHAINS.lengths, CHAINS.weights, strict=True)):
        symbols = CHAINS.symbols[row, :length].tolist()
        every = paths(hmm, symbols)
        total = sum(every.values())
        likelihood += weight * np.log(total)
        last = np.zeros(3)
        for path, p in every.items():
            share = weight * p / total
            start[path[0]] += share
            last[path[-1]] += p / total
            for t, state in enumerate(path):
                emissions[state, symbols[t]] += share
                if t:
                    moves[path[t - 1], state] += share
        forward, _ = filtered(hmm, CHAINS)
        assert forward[row, length - 1] == pytest.approx(last)
    found = expected_counts(hmm, CHAINS)
    assert log_likelihood(hmm, CHAINS) == pytest.approx(likelihood)
    assert found.start == pytest.approx(start)
    assert found.moves == pytest.approx(moves)
    assert found.emissions == pytest.approx(emissions)


def test_the_last_state_of_the_likeliest_path() -> None:
    hmm, whole = model(), Chains(CHAINS.symbols[:1], CHAINS.lengths[:1], CHAINS.weights[:1])
    every = paths(hmm, CHAINS.symbols[0].tolist())
    assert viterbi_last(hmm, whole).tolist() == [max(every, key=lambda path: every[path])[-1]]


def test_hmmlearn_learns_the_same() -> None:
    hmm = first = model()
    rng = np.random.default_rng(1)
    lengths = rng.integers(2, 9, 20)
    symbols = np.zeros((20, lengths.max()), dtype=np.int64)
    for row, length in zip(symbols, lengths, strict=True):
        row[:length] = rng.integers(0, 4, length)
    chains = Chains(symbols, lengths, np.ones(20))
    for _ in range(5):
        found = expected_counts(hmm, chains)
        shares = [
            counts / counts.sum(-1, keepdims=True) for counts in (found.start, found.moves, found.emissions)
        ]
        hmm = Hmm(*shares)
    theirs = CategoricalHMM(3, n_iter=5, tol=-np.inf, init_params="", n_features=4)
    theirs.startprob_, theirs.transmat_, theirs.emissionprob_ = first.start, first.transition, first.emission
    flat = np.concatenate([row[:n] for row, n in zip(symbols, lengths, strict=True)])[:, None]
    theirs.fit(flat, lengths)
    assert hmm.start == pytest.approx(theirs.startprob_, abs=1e-6)
    assert hmm.transition == pytest.approx(theirs.transmat_, abs=1e-6)
    assert hmm.emission == pytest.approx(theirs.emissionprob_, abs=1e-6)
    assert log_likelihood(hmm, chains) == pytest.approx(theirs.score(flat, lengths))
