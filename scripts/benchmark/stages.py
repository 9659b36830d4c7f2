"""The stages that are measured alone: what each is given, what it does, and the least that it must move."""

from __future__ import annotations

import json
import pickle
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeVar

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
from smartgen.llm.prompt import Scene
from smartgen.metrics.synthetic import synthetic_quality
from smartgen.settings import (
    CellSettings,
    EncodedSscSettings,
    SasrecSettings,
    SimilaritySscSettings,
    StageOneSettings,
)
from smartgen.stages.gss import behavior_graph
from smartgen.stages.synthesize.live import make_prompts
from smartgen.stages.synthesize.walk import Change, walk
from smartgen.stages.tss import split_sequences

REPEATED = 100_000  # behaviors in distinct answers
ANSWER = 30  # sequences in an answer, as the paper asks for
BEHAVIOR_BYTES = 16  # four integers
VOCABULARY = demo_vocabulary()
Kind = TypeVar("Kind")


@dataclass(frozen=True)
class Stage:
    """One stage.

    Args:
        prepare: what it is given, of so many behaviors.
        run: the stage.
        sizes: behaviors.
        moved: bytes a behavior that it reads and writes at least; 0: not told.
        trains: whether it runs a network whose arithmetic can be counted.
        mostly: what takes its time where neither arithmetic nor memory does, by its profile.
        plain: the same as one writes it first.
    """

    prepare: Callable[[int], Any]
    run: Callable[[Any], Any]
    sizes: tuple[int, ...] = (10_000, 100_000, 1_000_000, 10_000_000)
    moved: int = 0
    trains: bool = False
    mostly: str = "Python"
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


def answers_by_lines(size: int) -> list[str]:
    """The lists a line each, which the released rule does not read (D15) and recovery does."""
    if size > REPEATED:
        return answers_by_lines(REPEATED) * (size // REPEATED)
    return [text.replace("[[", "[\n[").replace("], [", "],\n[") for text in answers_as_lists(size)]


def uncached(size: int) -> tuple[Sequences, Path]:
    """Where the stage cache would keep them."""
    return simulated(size), Path(tempfile.mkdtemp()) / "sequences.npz"


def cached(size: int) -> Path:
    """Where it keeps them."""
    log, path = uncached(size)
    save_sequences(path, log)
    return path


@cache
def cell(*overrides: str) -> CellSettings:
    """The settings that conf/ has; composed once, in the calls that come before those that are measured."""
    return compose_cell("dataset=demo", "tracking=none", "trainer.accelerator=cpu", *overrides)


def known_as(kind: type[Kind], settings: object) -> Kind:
    """The settings of one choice of a group, which only the words behind ``cell`` tell."""
    assert isinstance(settings, kind)
    return settings


def to_walk(size: int) -> tuple[Any, ...]:
    """The transitions of one log, and as many walks as give about so many behaviors."""
    log = simulated(REPEATED)
    return log, behavior_graph(log, VOCABULARY).edges, round(size / log.lengths.mean())


def walks(given: tuple[Any, ...]) -> Sequences:
    """The control without an LLM."""
    log, edges, count = given
    return walk(log, edges, VOCABULARY, Change(0, {}, 1.0), count, np.random.default_rng(1))


def to_prompt(size: int) -> tuple[Any, ...]:
    """What SSC kept, as if that were the whole log, and all that its prompts tell of the home."""
    log, chosen = simulated(size), cell("synthesizer=gpt-4o")
    graph = behavior_graph(log, VOCABULARY)
    hints = {action: graph.successors(action, 5) for action in graph.nodes.tolist()}
    scene = Scene(chosen.transition.before, chosen.transition.after)
    return log, hints, Inventory.of(VOCABULARY, log), scene, chosen.synthesizer, "json_schema"


def ssc_selection(log: Sequences) -> Sequences:
    """By similarity of ids: no network."""
    from smartgen.stages.ssc.compress import compress

    settings = known_as(SimilaritySscSettings, cell("stage/ssc=similarity").stage.ssc)
    return compress(log, VOCABULARY, settings, 1, dict).sequences


def ssc_training(log: Sequences, epochs: int = 15) -> Any:
    """The encoder of SSC."""
    from smartgen.stages.ssc.vectors import train_encoder

    chosen = cell("stage/ssc=released", f"stage.ssc.epochs={epochs}")
    settings = known_as(EncodedSscSettings, chosen.stage.ssc)
    return train_encoder(log, VOCABULARY, settings, chosen.trainer, 1)


def to_encode(size: int) -> tuple[Sequences, Any]:
    """A log, and the weights of an encoder that saw little of it: what they are changes no cost."""
    return simulated(size), ssc_training(simulated(LITTLE), epochs=1)


def ssc_encoded_selection(given: tuple[Sequences, Any]) -> Sequences:
    """As released, dropout and all: each sequence is encoded, pads too."""
    from smartgen.stages.ssc.compress import compress

    log, weights = given
    chosen = cell("stage/ssc=released", "stage.ssc.threshold=0.9")
    settings = known_as(EncodedSscSettings, chosen.stage.ssc)
    return compress(log, VOCABULARY, settings, 1, lambda: weights).sequences


def to_judge(size: int) -> tuple[Sequences, Sequences]:
    """A log, and a written set of a hundredth of it."""
    return simulated(size), simulated(max(LITTLE, size // 100))


def set_quality(given: tuple[Sequences, Sequences]) -> object:
    """What is said of a written set, beside both logs."""
    log, written = given
    return synthetic_quality(written, log, log, VOCABULARY)


def tof_stage1(log: Sequences) -> object:
    """The first stage of TOF: an autoencoder and its losses."""
    from smartgen.stages.tof.filter import filter_outliers

    chosen = cell("stage/tof=stage1")
    settings = known_as(StageOneSettings, chosen.stage.tof)
    return filter_outliers(log, VOCABULARY, settings, chosen.trainer, 1)


def transae(log: Sequences) -> Any:
    """The detector of Table 2, trained on actions."""
    from smartgen.detectors.transae import TransAEDetector

    chosen = cell("protocol=released")
    return TransAEDetector(VOCABULARY, chosen.detector, None, 3, chosen.trainer, 1).fit([log])


def sasrec(log: Sequences) -> Any:
    """The predictor of Table 3, five of its fifty epochs."""
    from smartgen.predictors.sasrec import TokenSasrecPredictor

    chosen = cell("protocol=released", "task=prediction", "predictor.epochs=5")
    settings = known_as(SasrecSettings, chosen.predictor)
    return TokenSasrecPredictor(VOCABULARY, settings, 32, chosen.trainer, 1).fit(log)


def candidate_scores(given: tuple[Any, Sequences]) -> object:
    """What Table 3 asks of SASRec: each user's history, and a hundred candidates."""
    from smartgen.protocols.candidates import sampled_candidates

    predictor, log = given
    candidates = sampled_candidates(log)
    return predictor.token_scores(candidates.histories, candidates.sizes)


def window_predictor(name: str, log: Sequences) -> object:
    """A baseline of Table 3 under protocol unified: fifty steps, and asked for scores."""
    from smartgen.core.registry import load
    from smartgen.predictors import REGISTRY

    chosen = cell("task=prediction", f"predictor={name}", "protocol=unified", "protocol.max_steps=50")
    of = load(REGISTRY, name, "predictor.name")
    usable = log.take(np.flatnonzero(log.lengths > 1))
    predictor = of(VOCABULARY, chosen.predictor, chosen.protocol, chosen.trainer, 1)
    return predictor.fit([usable], [usable[:200]]).score(usable)


SMALL, MORE = (1_000, 3_000, 10_000), (1_000, 10_000, 100_000)
LITTLE = 100  # behaviors of which a network that is only asked for scores is trained
ARRAYS = "passes over arrays"
STAGES = {
    "read a release file": Stage(pickled, read_sequences, moved=2 * BEHAVIOR_BYTES, mostly="unpickling"),
    "tss": Stage(
        simulated,
        lambda log: split_sequences(log, VOCABULARY),
        moved=BEHAVIOR_BYTES,
        mostly=ARRAYS,
        plain=plain.split,
    ),
    "tss, algorithm=paper": Stage(
        simulated,
        lambda log: split_sequences(log, VOCABULARY, algorithm="paper"),
        moved=BEHAVIOR_BYTES,
        mostly=ARRAYS,
    ),
    "gss": Stage(
        simulated,
        lambda log: behavior_graph(log, VOCABULARY),
        moved=BEHAVIOR_BYTES,
        mostly="sorting",
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
    "parse answers, recovered": Stage(
        answers_by_lines, lambda texts: [parse_answer(text, VOCABULARY).sequences for text in texts]
    ),
    "distinct": Stage(
        simulated, Sequences.distinct, moved=2 * BEHAVIOR_BYTES, mostly=ARRAYS, plain=plain.once
    ),
    "write the stage cache": Stage(
        uncached,
        lambda given: save_sequences(given[1], given[0]),
        moved=BEHAVIOR_BYTES,
        mostly="compression",
    ),
    "read the stage cache": Stage(cached, load_sequences, moved=BEHAVIOR_BYTES, mostly="compression"),
    "ssc by similarity": Stage(simulated, ssc_selection, mostly="comparisons"),
    "walk": Stage(to_walk, walks, MORE),
    "prompts": Stage(to_prompt, lambda given: make_prompts(*given), (10_000, 100_000, 1_000_000)),
    "quality of a set": Stage(to_judge, set_quality, MORE, mostly="sorting"),
    "ssc by encoder, dropout": Stage(to_encode, ssc_encoded_selection, SMALL, trains=True),
    "ssc training": Stage(simulated, ssc_training, SMALL, trains=True),
    "tof stage 1": Stage(simulated, tof_stage1, SMALL[:2], trains=True),
    "transae training": Stage(simulated, transae, SMALL, trains=True),
    "transae scores": Stage(
        lambda size: (transae(simulated(LITTLE)), simulated(size)),
        lambda given: given[0].score(given[1]),
        MORE,
        trains=True,
    ),
    "sasrec training": Stage(simulated, sasrec, SMALL, trains=True),
    "sasrec scores": Stage(
        lambda size: (sasrec(simulated(LITTLE)), simulated(size)), candidate_scores, MORE, trains=True
    ),
    **{
        f"{name}, 50 steps": Stage(simulated, partial(window_predictor, name), SMALL, trains=True)
        for name in ("fpmc", "carnn", "caser", "siar")
    },
    "lstm, 50 steps": Stage(
        simulated,
        partial(window_predictor, "lstm"),
        SMALL,
        mostly="PyTorch's own LSTM, whose arithmetic is not counted",
    ),
    "hmm": Stage(simulated, partial(window_predictor, "hmm"), SMALL),
}
