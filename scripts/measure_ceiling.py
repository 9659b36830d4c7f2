"""How far could words go? Print what bounds regime adapted in prediction, without one real sequence.

For each home and change: which share of the wanted last actions stands in the old log, in the written set,
in either; and HR@10 of the Markov control trained on the old log, on it moved by the written set's shares of
devices and hours, by the words of synthesizer.answer=shifts had they been right, by the true shares of the
new context, by these with each device's true actions, and on real data.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

import numpy as np
from cells import HELP, home_and_change, overrides

from smartgen.adaptation.actions import device_actions
from smartgen.adaptation.moved import Shift, estimate_shift, move, templates
from smartgen.adaptation.shares import field_shares
from smartgen.config import compose_cell
from smartgen.core.seeds import seed_for
from smartgen.core.types import ACTION, DEVICE, HOUR, Sequences
from smartgen.data.histories import cases, usable
from smartgen.data.homes import Home, load_home
from smartgen.data.vocabulary import HOURS
from smartgen.llm.shifts import USES, NamedShifts
from smartgen.pipeline import Pipeline, make_store
from smartgen.predictors.markov import MarkovPredictor
from smartgen.protocols.pools import folds
from smartgen.protocols.trainings import TrainingRules
from smartgen.protocols.unified_prediction import Pools, predict
from smartgen.settings import PredictorSettings
from smartgen.stages.synthesize.shifts import write_shifted
from smartgen.stages.tss import split_sequences

CELLS = [
    f"{home}/{change}" for home in ("fr", "sp", "us") for change in ("seasonal", "schedule", "occupancy")
]
SIZE = 3000  # of each moved log
BORDERS = (0.25, 0.75, 1.5)  # of a share's ratio to what it was, between the words
HEAD = ("cell", "in log", "written", "either")
HEAD += ("stale", "moved", "true words", "true shares", "true actions", "oracle")


def wanted(home: Home) -> np.ndarray:
    """(n,) last actions of the distinct test sequences of both halves."""
    tests = [cases(usable(fold.test)) for fold in folds(home.target, home.vocabulary)]
    return np.concatenate([one.wanted[one.last] for one in tests])


def true_words(old: Sequences, real: Sequences, field: int, names: Sequence[str]) -> dict[str, str]:
    """The word that comes nearest to what became of each share."""
    before, after = (field_shares(one, field, len(names)) for one in (templates(old), real))
    ratios = np.divide(after, before, out=np.where(after > 0, np.inf, 1.0), where=before > 0)
    found = np.digitize(ratios, BORDERS)
    return {name: list(USES)[place] for name, place in zip(names, found, strict=True)}


def measured(cell: str) -> list[float]:
    settings = compose_cell(*overrides(cell), "protocol=unified", "synthesizer=replay", "regime=adapted")
    home = load_home(settings.dataset, settings.transition, settings.paths.release, settings.seed)
    written = Pipeline(settings, home, make_store(settings.paths.outputs)).synthetic
    old, real = (split_sequences(raw, home.vocabulary) for raw in (home.source, home.target))
    noise, commands = settings.adaptation.noise, settings.adaptation.commands
    guessed = estimate_shift(old, written, home.vocabulary, noise, commands)
    # Of the kind that is tested: distinct sequences of two behaviors or more.
    tested = templates(real)
    true_shares = estimate_shift(old, tested, home.vocabulary, 0.0, commands)._replace(
        actions=guessed.actions
    )
    true = true_shares._replace(actions=device_actions(tested.take([]), tested, home.vocabulary, 0.0))
    devices = home.vocabulary.devices
    named = NamedShifts(true_words(old, real, DEVICE, devices), true_words(old, real, HOUR, HOURS))
    last = wanted(home)
    known = [set(one.values[:, ACTION].tolist()) for one in (old, written)]
    shares = [float(np.isin(last, list(some)).mean()) for some in (*known, known[0] | known[1])]

    def markov() -> MarkovPredictor:
        return MarkovPredictor(home.vocabulary, PredictorSettings("markov"), None, settings.trainer, 0)

    def reached(regime: str, make: Callable[[np.random.Generator], Sequences]) -> float:
        pools = Pools(home.vocabulary, home.source, home.target, make(np.random.default_rng(settings.seed)))
        rules = TrainingRules(0.2, "balanced", seed_for(settings.seed, "test", *cell.split("/")))
        return predict(markov, regime, pools, rules).metrics["hr@10"]

    def shifted(shift: Shift) -> float:
        return reached("synthetic", lambda rng: move(old, shift, SIZE, rng))

    worded = reached("synthetic", lambda rng: write_shifted(old, named, devices, home.vocabulary, SIZE, rng))
    stale, oracle = (reached(regime, lambda _: written) for regime in ("source", "oracle"))
    return [*shares, stale, shifted(guessed), worded, shifted(true_shares), shifted(true), oracle]


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
