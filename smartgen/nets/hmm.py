"""A discrete hidden Markov model: scaled forward-backward, Baum-Welch and Viterbi, many chains at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Symbols = NDArray[np.int64]
TINY = 1e-300  # below which a likelihood is taken for nothing


@dataclass(frozen=True)
class Hmm:
    """Parameters of the model.

    Args:
        start: (states,) shares of the first state.
        transition: (states, states), rows sum to 1.
        emission: (states, symbols).
    """

    start: Matrix
    transition: Matrix
    emission: Matrix


@dataclass(frozen=True)
class Chains:
    """Observed chains side by side.

    Args:
        symbols: (chains, longest) symbol ids; what lies behind a chain's end is not read.
        lengths: (chains,) at least 1.
        weights: (chains,) how often each chain counts.
    """

    symbols: Symbols
    lengths: Symbols
    weights: Matrix


def filtered(model: Hmm, chains: Chains) -> tuple[Matrix, Matrix]:
    """Scaled forward pass.

    Returns:
        (chains, longest, states) share of each state given what was seen so far, and (chains, longest) the
        likelihood of each symbol given those before it; 1 behind a chain's end.
    """
    count, longest = chains.symbols.shape
    forward = np.zeros((count, longest, len(model.start)))
    scale = np.ones((count, longest))
    inside = np.arange(longest) < chains.lengths[:, None]
    before = np.tile(model.start, (count, 1))
    for t in range(longest):
        here = before * model.emission.T[chains.symbols[:, t]]
        total = np.maximum(here.sum(axis=1), TINY)
        scale[:, t] = np.where(inside[:, t], total, 1.0)
        forward[:, t] = here / total[:, None]
        before = forward[:, t] @ model.transition
    return forward, scale


def log_likelihood(model: Hmm, chains: Chains) -> float:
    """Weighted sum over chains, in nats."""
    return float((np.log(filtered(model, chains)[1]).sum(axis=1) * chains.weights).sum())


@dataclass(frozen=True)
class Expected:
    """Expected counts of a pass: starts (states,), moves (states, states), emissions (states, symbols)."""

    start: Matrix
    moves: Matrix
    emissions: Matrix


def expected_counts(model: Hmm, chains: Chains) -> Expected:
    """The E-step: forward-backward over all chains at once."""
    forward, scale = filtered(model, chains)
    count, longest = chains.symbols.shape
    states, symbols = model.emission.shape
    inside = np.arange(longest) < chains.lengths[:, None]
    backward = np.ones((count, states))
    moves, emissions = np.zeros((states, states)), np.zeros((symbols, states))
    start = np.zeros(states)
    for t in range(longest - 1, -1, -1):
        if t < longest - 1:
            going = inside[:, t + 1]
            ahead = model.emission.T[chains.symbols[:, t + 1]] * backward / scale[:, t + 1][:, None]
            ahead *= going[:, None]
            weighted = forward[:, t] * (chains.weights * going)[:, None]
            moves += weighted.T @ ahead
            backward = np.where(going[:, None], ahead @ model.transition.T, 1.0)
        here = forward[:, t] * backward * (inside[:, t] * chains.weights)[:, None]
        np.add.at(emissions, chains.symbols[:, t], here)
        start = here.sum(axis=0)
    return Expected(start, moves * model.transition, emissions.T)


def viterbi_last(model: Hmm, chains: Chains) -> Symbols:
    """(chains,) the last state of each chain's likeliest path; all chains have one length."""
    with np.errstate(divide="ignore"):
        start, transition, emission = (
            np.log(part) for part in (model.start, model.transition, model.emission)
        )
    best = start + emission.T[chains.symbols[:, 0]]
    for t in range(1, chains.symbols.shape[1]):
        best = (best[:, :, None] + transition).max(axis=1) + emission.T[chains.symbols[:, t]]
    found: Symbols = best.argmax(axis=1)
    return found
