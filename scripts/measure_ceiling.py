"""How far could words go? Print what bounds regime adapted in prediction, without one real sequence.

For each home and change: which share of the wanted last actions stands in the old log, in the written set,
in either; and HR@10 of the Markov control trained on the old log, on it moved by the written set's shares of
devices and hours, by the true ones of the new context, by these with each device's true actions, and on real
data.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
from cells import HELP, home_and_change, overrides

from smartgen.adaptation.actions import device_actions
from smartgen.adaptation.moved import estimate_shift, move
from smartgen.config import compose_cell
from smartgen.core.types import ACTION, Sequences
from smartgen.data.histories import cases, usable
from smartgen.data.homes import Home, load_home
from smartgen.pipeline import Pipeline, make_store
from smartgen.predictors.markov import MarkovPredictor
from smartgen.protocols.pools import folds
from smartgen.protocols.trainings import TrainingRules
from smartgen.protocols.unified_prediction import Pools, predict
from smartgen.stages.tss import split_sequences

CELLS = [
    f"{home}/{change}" for home in ("fr", "sp", "us") for change in ("seasonal", "schedule", "occupancy")
]
SIZE = 3000  # of each moved log
HEAD = ("cell", "in log", "written", "either", "stale", "moved", "true shares", "true actions", "oracle")


def wanted(home: Home) -> np.ndarray:
    """(n,) last actions of the distinct test sequences of both halves."""
    tests = [cases(usable(fold.test)) for fold in folds(home.target, home.vocabulary)]
    return np.concatenate([one.wanted[one.last] for one in tests])


def measured(cell: str) -> list[float]:
    settings = compose_cell(*overrides(cell), "protocol=unified", "synthesizer=replay", "regime=adapted")
    home = load_home(settings.dataset, settings.transition, settings.paths.release, settings.seed)
    written = Pipeline(settings, home, make_store(settings.paths.outputs)).synthetic
    old, real = (split_sequences(raw, home.vocabulary) for raw in (home.source, home.target))
    noise, commands = settings.adaptation.noise, settings.adaptation.commands
    guessed = estimate_shift(old, written, home.vocabulary, noise, commands)
    true = estimate_shift(old, real, home.vocabulary, 0.0, commands)
    true_shares = true._replace(actions=device_actions(old, written, home.vocabulary, commands))
    last = wanted(home)
    known = [set(one.values[:, ACTION].tolist()) for one in (old, written)]
    shares = [float(np.isin(last, list(some)).mean()) for some in (*known, known[0] | known[1])]

    def reached(regime: str, make: Callable[[np.random.Generator], Sequences]) -> float:
        pools = Pools(home.vocabulary, home.source, home.target, make(np.random.default_rng(settings.seed)))
        rules = TrainingRules(0.2, "balanced", settings.seed)
        return predict(lambda: MarkovPredictor(home.vocabulary), regime, pools, rules).metrics["hr@10"]

    moved = [
        reached("synthetic", lambda rng, shift=shift: move(old, shift, SIZE, rng))  # type: ignore[misc]
        for shift in (guessed, true_shares, true)
    ]
    ends = [reached(regime, lambda _: written) for regime in ("source", "oracle")]
    return [*shares, ends[0], *moved, ends[1]]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("cells", nargs="*", type=home_and_change, default=CELLS, help=f"{HELP}; all nine")
    print(" ".join(f"{name:>13}" for name in HEAD))
    for cell in parser.parse_args().cells:
        print(f"{cell:>13}", " ".join(f"{value:13.3f}" for value in measured(cell)), flush=True)


if __name__ == "__main__":
    main()
