"""The stages that are measured alone: what each is given, what it does, and the least that it must move."""

from __future__ import annotations

import json
import pickle
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmark import plain
from smartgen.config import compose_cell
from smartgen.core.store import load_sequences, save_sequences
from smartgen.core.types import Sequences
from smartgen.data.demo.simulate import simulate
from smartgen.data.demo.vocabulary import demo_vocabulary
from smartgen.data.release import read_sequences
from smartgen.llm.inventory import Inventory
from smartgen.llm.parse import parse_answer
from smartgen.llm.parse_json import parse_json_answer
from smartgen.settings import CellSettings
from smartgen.stages.gss import behavior_graph
from smartgen.stages.synthesize.walk import Change, walk
from smartgen.stages.tss import split_sequences

REPEATED = 100_000  # behaviors in distinct answers
ANSWER = 30  # sequences in an answer, as the paper asks for
BEHAVIOR_BYTES = 16  # four integers
VOCABULARY = demo_vocabulary()


@dataclass(frozen=True)
class Stage:
    """One stage.

    Args:
        prepare: what it is given, of so many behaviors.
        run: the stage.
        sizes: behaviors.
        moved: bytes a behavior that it reads and writes at least; 0: not told.
        trains: whether a network's arithmetic can be counted.
        plain: the same as one writes it first.
    """

    prepare: Callable[[int], Any]
    run: Callable[[Any], Any]
    sizes: tuple[int, ...] = (10_000, 100_000, 1_000_000, 10_000_000)
    moved: int = 0
    trains: bool = False
    plain: Callable[[Any], Any] | None = None


def simulated(size: int) -> Sequences:
    """So many behaviors of demo households, raw sequences drawn with replacement; one seed for each size."""
    log = simulate("winter", seed=1, days=365)
    rng = np.random.default_rng(size)
    chosen = log.take(rng.integers(len(log), size=2 * size // int(log.lengths.mean()) + 10))
    last = int(np.searchsorted(chosen.offsets, size, side="right")) - 1
    return Sequences(chosen.values[: chosen.offsets[last]], chosen.offsets[: last + 1])


def answers_as_lists(size: int) -> list[str]:
    """The same behaviors as an LLM writes them in the paper's format, thirty sequences an answer.

    Beyond a hundred thousand behaviors the same answers come again: nothing is kept between two of them.
    """
    if size > REPEATED:
        return answers_as_lists(REPEATED) * (size // REPEATED)
    words = [[word for b in sequence for word in VOCABULARY.words(b)] for sequence in simulated(size)]
    return [json.dumps(words[i : i + ANSWER]) for i in range(0, len(words), ANSWER)]


def answers_as_json(size: int) -> list[str]:
    """Likewise in JSON, which live synthesis asks for."""
    if size > REPEATED:
        return answers_as_json(REPEATED) * (size // REPEATED)
    log = simulated(size)
    inventory = Inventory.of(VOCABULARY, simulated(REPEATED))
    rows = [[inventory.fields(behavior) for behavior in sequence] for sequence in log]
    return [json.dumps({"sequences": rows[i : i + ANSWER]}) for i in range(0, len(rows), ANSWER)]


def pickled(size: int) -> Path:
    """A file in the release's layout."""
    path = Path(tempfile.mkdtemp()) / "trn.pkl"
    path.write_bytes(pickle.dumps(simulated(size).to_lists()))
    return path


def cached(size: int) -> tuple[Sequences, Path]:
    """Where the stage cache would keep them."""
    return simulated(size), Path(tempfile.mkdtemp()) / "sequences.npz"


def cell(*overrides: str) -> CellSettings:
    """The settings that conf/ has."""
    return compose_cell("dataset=demo", "tracking=none", "trainer.accelerator=cpu", *overrides)


def write_and_read(given: tuple[Sequences, Path]) -> Sequences:
    """Through the stage cache."""
    save_sequences(given[1], given[0])
    return load_sequences(given[1])


def walk_200(log: Sequences) -> Sequences:
    """Two hundred walks on the log's transitions, which are counted first."""
    edges, rng = behavior_graph(log, VOCABULARY).edges, np.random.default_rng(1)
    return walk(log, edges, VOCABULARY, Change(0, {}, 1.0), 200, rng)


def ssc_selection(log: Sequences) -> Sequences:
    """By similarity of ids: no network."""
    from smartgen.stages.ssc.compress import compress

    settings = cell("stage/ssc=similarity").stage.ssc
    return compress(log, VOCABULARY, settings, 1, dict).sequences  # type: ignore[arg-type]


def ssc_training(log: Sequences) -> object:
    """The encoder of SSC, fifteen epochs."""
    from smartgen.stages.ssc.vectors import train_encoder

    chosen = cell("stage/ssc=released")
    return train_encoder(log, VOCABULARY, chosen.stage.ssc, chosen.trainer, 1)  # type: ignore[arg-type]


def tof_stage1(log: Sequences) -> object:
    """The first stage of TOF: an autoencoder and its losses."""
    from smartgen.stages.tof.filter import filter_outliers

    chosen = cell("stage/tof=stage1")
    return filter_outliers(log, VOCABULARY, chosen.stage.tof, chosen.trainer, 1)  # type: ignore[arg-type]


def transae(log: Sequences) -> object:
    """The detector of Table 2, trained on actions and asked for scores."""
    from smartgen.detectors.transae import TransAEDetector

    chosen = cell("protocol=released")
    detector = TransAEDetector(VOCABULARY, chosen.detector, None, 3, chosen.trainer, 1)
    return detector.fit([log]).score(log)


def sasrec(log: Sequences) -> object:
    """The predictor of Table 3, five of its fifty epochs, and asked for scores."""
    from smartgen.predictors.sasrec import TokenSasrecPredictor
    from smartgen.protocols.candidates import sampled_candidates

    chosen = cell("protocol=released", "task=prediction", "predictor.epochs=5")
    predictor = TokenSasrecPredictor(VOCABULARY, chosen.predictor, 32, chosen.trainer, 1)  # type: ignore[arg-type]
    candidates = sampled_candidates(log)
    return predictor.fit(log).token_scores(candidates.histories, candidates.sizes)


def window_predictor(name: str, log: Sequences) -> object:
    """A baseline of Table 3 under protocol unified: fifty steps, and asked for scores."""
    from smartgen.core.registry import load
    from smartgen.predictors import REGISTRY

    chosen = cell("task=prediction", f"predictor={name}", "protocol=unified", "protocol.max_steps=50")
    of = load(REGISTRY, name, "predictor.name")
    usable = log.take(np.flatnonzero(log.lengths > 1))
    predictor = of(VOCABULARY, chosen.predictor, chosen.protocol, chosen.trainer, 1)
    return predictor.fit([usable], [usable[:200]]).score(usable)


SMALL = (1_000, 3_000, 10_000)
STAGES = {
    "read a release file": Stage(pickled, read_sequences, moved=2 * BEHAVIOR_BYTES),
    "tss": Stage(
        simulated,
        lambda log: split_sequences(log, VOCABULARY),
        moved=2 * BEHAVIOR_BYTES,
        plain=plain.split,
    ),
    "tss, algorithm=paper": Stage(
        simulated,
        lambda log: split_sequences(log, VOCABULARY, algorithm="paper"),
        moved=2 * BEHAVIOR_BYTES,
    ),
    "gss": Stage(
        simulated,
        lambda log: behavior_graph(log, VOCABULARY),
        moved=BEHAVIOR_BYTES,
        plain=plain.count_transitions,
    ),
    "parse answers, lists": Stage(
        answers_as_lists,
        lambda texts: [parse_answer(text, VOCABULARY).sequences for text in texts],
        plain=lambda texts: plain.read_lists(texts, VOCABULARY),
    ),
    "parse answers, json": Stage(
        lambda size: (answers_as_json(size), Inventory.of(VOCABULARY, simulated(REPEATED))),
        lambda given: [
            answer.sequences for text in given[0] if (answer := parse_json_answer(text, given[1]))
        ],
    ),
    "distinct": Stage(simulated, Sequences.distinct, moved=BEHAVIOR_BYTES, plain=plain.once),
    "stage cache": Stage(cached, write_and_read, moved=2 * BEHAVIOR_BYTES),
    "ssc by similarity": Stage(simulated, ssc_selection, sizes=(10_000, 100_000, 1_000_000)),
    "walk": Stage(simulated, walk_200),
    "ssc training": Stage(simulated, ssc_training, SMALL, trains=True),
    "tof stage 1": Stage(simulated, tof_stage1, SMALL[:2], trains=True),
    "transae": Stage(simulated, transae, SMALL, trains=True),
    "sasrec": Stage(simulated, sasrec, SMALL, trains=True),
    **{
        f"{name}, 50 steps": Stage(simulated, partial(window_predictor, name), SMALL, trains=True)
        for name in ("lstm", "fpmc", "carnn", "caser", "siar")
    },
    "hmm": Stage(simulated, partial(window_predictor, "hmm"), SMALL),
}
