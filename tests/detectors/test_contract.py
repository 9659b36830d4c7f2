"""What every detector must do: learn, score finitely, repeat itself to the byte, say where it is from."""

import inspect
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from smartgen.blueprint import Blueprint
from smartgen.config import compose_cell
from smartgen.core.errors import SmartgenError
from smartgen.core.models import ADDED
from smartgen.core.registry import load
from smartgen.core.types import ACTION, FIELDS, Sequences
from smartgen.data.vocabulary import Vocabulary
from smartgen.detectors import REGISTRY
from smartgen.protocols.thresholds import Threshold
from smartgen.saved import Trained, load_model, save_models
from smartgen.settings import (
    AegisSettings,
    ArgusSettings,
    AutoencoderDetectorSettings,
    DetectorSettings,
    IsolationForestSettings,
    LofSettings,
    NeuralDetectorSettings,
    OcsvmSettings,
    TrainerSettings,
    TransAESettings,
    UnifiedProtocolSettings,
)
from smartgen.training.rows import RowDetector

CPU = TrainerSettings(accelerator="cpu")
BUDGET = UnifiedProtocolSettings(name="unified", max_steps=150, check_every=50, batch_size=16, width=32)
LEARNING = {"epochs": 60, "batch_size": 8}
SETTINGS: dict[str, DetectorSettings] = {
    "lof": LofSettings("lof"),
    "isolation_forest": IsolationForestSettings("isolation_forest", random_state=None),
    "aegis": AegisSettings("aegis"),
    "ocsvm": OcsvmSettings("ocsvm"),
    "autoencoder": AutoencoderDetectorSettings("autoencoder", d_model=32, **LEARNING),
    "argus": ArgusSettings("argus", d_model=32, **LEARNING),
    "transae": TransAESettings("transae", d_model=32, heads=4, layers=1, **LEARNING),
    "transae_baseline": TransAESettings("transae", 32, **LEARNING, heads=4, layers=1, network="baseline"),
    "seen": DetectorSettings("seen"),
    "length": DetectorSettings("length"),
}


def added(name: str) -> DetectorSettings:
    """Of a detector that was added as one file: as its configuration has them, networks small and quick."""
    settings = compose_cell(f"detector={name}").detector
    assert settings.name == name, f"conf/detector/{name}.yaml: name is {settings.name}, expected {name}"
    neural = isinstance(settings, NeuralDetectorSettings)
    return replace(settings, d_model=32, **LEARNING) if neural else settings


SETTINGS |= {name: added(name) for name in ADDED["detector"]}
NEURAL = [name for name, settings in SETTINGS.items() if isinstance(settings, NeuralDetectorSettings)]
DRAWN = (*NEURAL, "isolation_forest")
ROWS = [
    name
    for name, settings in SETTINGS.items()
    if issubclass(load(REGISTRY, settings.name, "detector"), RowDetector)
]
CASES = [(name, released) for name in SETTINGS for released in (False, True)]
BOTH = pytest.mark.parametrize(
    ("name", "released"), CASES, ids=[f"{name}-{'released' if r else 'unified'}" for name, r in CASES]
)


SHORT = UnifiedProtocolSettings(name="unified", max_steps=6, check_every=3, batch_size=8, width=16)


def blueprint(
    name: str, vocabulary: Vocabulary, released: bool, seed: int = 0, short: bool = False
) -> Blueprint:
    settings, budget = SETTINGS[name], SHORT if short else BUDGET
    if short and isinstance(settings, NeuralDetectorSettings):
        settings = replace(settings, epochs=2)
    read = (None, ACTION) if released else (budget, None)
    return Blueprint("detector", vocabulary, settings, seed, CPU, *read)


def make(name: str, vocabulary: Vocabulary, released: bool, seed: int = 0, short: bool = False) -> Any:
    return blueprint(name, vocabulary, released, seed, short).make()


def known(toy: Sequences) -> Sequences:
    """Four sequences that the home has again and again, of two to four behaviors."""
    return toy.take([0, 1, 3, 3, 0, 1] * 8)


FOREIGN = Sequences.from_lists([[5, 0, 0, 1, 5, 4, 0, 0, 5, 5, 0, 1], [4, 5, 0, 0, 4, 1, 0, 1, 4, 7, 0, 1]])


@BOTH
def test_what_was_learned_scores_below_what_was_not(
    name: str, released: bool, toy_vocabulary: Vocabulary, toy_sequences: Sequences
) -> None:
    train = known(toy_sequences)
    detector = make(name, toy_vocabulary, released)
    detector.fit([train], [train])
    usual, foreign = detector.score(train), detector.score(FOREIGN)
    assert usual.shape == (len(train),)
    assert np.isfinite(usual).all()
    assert np.isfinite(foreign).all()
    # The length says nothing of what happens, and a forest cuts only where training rows differ.
    if name not in ("length", "isolation_forest"):
        assert foreign.min() > np.median(usual)


@BOTH
def test_the_same_seed_gives_the_same_bytes(
    name: str, released: bool, toy_vocabulary: Vocabulary, toy_sequences: Sequences
) -> None:
    train = known(toy_sequences)
    first, again, other = (
        make(name, toy_vocabulary, released, seed, short=True).fit([train], [train]).score(toy_sequences)
        for seed in (1, 1, 2)
    )
    assert first.tobytes() == again.tobytes()
    if name not in ADDED["detector"]:  # which may draw or not
        assert (first.tobytes() == other.tobytes()) == (name not in DRAWN)


@BOTH
def test_equal_sequences_score_bit_equal_in_any_company(
    name: str, released: bool, toy_vocabulary: Vocabulary, toy_sequences: Sequences
) -> None:
    train = known(toy_sequences)
    detector = make(name, toy_vocabulary, released, short=True).fit([train], [train])
    whole, twice = detector.score(toy_sequences), detector.score(toy_sequences.take([0, 3, 0, 1, 3]))
    assert twice[0] == twice[2]
    assert twice[1] == twice[4]
    assert twice[:2] == pytest.approx(whole[[0, 3]], abs=1e-5)


@BOTH
@pytest.mark.parametrize("full", [False, True], ids=["short", "full"])
def test_a_saved_detector_scores_bit_equal(
    name: str,
    released: bool,
    full: bool,
    toy_vocabulary: Vocabulary,
    toy_sequences: Sequences,
    tmp_path: Path,
) -> None:
    """Also of windows of ten behaviors alone, of which some networks make no row for a pad."""
    windows = Sequences.from_lists(
        [[i % 7, t % 8, t % 3, (i + t) % 6] * 10 for i in range(9) for t in (1, 2)]
    )
    asked = windows if full else toy_sequences
    train = [windows] if full else [known(toy_sequences)]
    if not released:
        train.append(toy_sequences)
    design = blueprint(name, toy_vocabulary, released, seed=3, short=True)
    detector = design.make().fit(train, train)
    save_models(tmp_path, "cell", {}, [Trained("model", detector, design, Threshold(0.5))])
    saved = load_model(tmp_path / "runs/cell")
    assert saved.blueprint == design
    assert saved.score(asked).tobytes() == detector.score(asked).tobytes()
    assert saved.flags(asked).tolist() == (detector.score(asked) >= 0.5).tolist()


@BOTH
def test_what_was_not_fitted_cannot_be_saved(name: str, released: bool, toy_vocabulary: Vocabulary) -> None:
    with pytest.raises(RuntimeError, match="fit the detector"):
        make(name, toy_vocabulary, released).state()


@pytest.mark.parametrize("name", [name for name in SETTINGS if name not in ("seen", "length")])
def test_an_empty_set_and_scoring_before_fitting_are_refused(
    name: str, toy_vocabulary: Vocabulary, toy_sequences: Sequences
) -> None:
    with pytest.raises(SmartgenError, match=f"training set of {SETTINGS[name].name} is empty"):
        make(name, toy_vocabulary, False).fit([toy_sequences.take([])], [toy_sequences])
    with pytest.raises(RuntimeError, match="fit the detector"):
        make(name, toy_vocabulary, False).score(toy_sequences)


UNLIKE = [name for name in SETTINGS if name not in ("lof", "isolation_forest", "transae_baseline")]


@pytest.mark.parametrize("name", UNLIKE)
def test_sets_of_unlike_size_count_the_same(name: str, toy_vocabulary: Vocabulary) -> None:
    """A habit of a large set and one of a small set are about equally usual; a third one is not."""
    one, other, third = ([d, 2, 1, 3, d, 3, 1, 2] for d in (0, 3, 5))
    other[2:4], other[6:8], third[2:4], third[6:8] = [2, 5], [2, 4], [0, 1], [0, 0]
    large, small = Sequences.from_lists([one] * 90), Sequences.from_lists([other] * 3)
    scores = (
        make(name, toy_vocabulary, False)
        .fit([large, small], [large, small])
        .score(Sequences.from_lists([one, other, third]))
    )
    if name in ("seen", "length"):
        assert scores[0] == scores[1]
        return
    assert max(scores[:2]) < scores[2]
    assert abs(scores[0] - scores[1]) < 0.5 * (scores[2] - min(scores[:2]))


@pytest.mark.parametrize("name", ROWS)
def test_what_is_fitted_can_be_scored_at_once(
    name: str, toy_vocabulary: Vocabulary, toy_sequences: Sequences
) -> None:
    scores = make(name, toy_vocabulary, True).fit_score(known(toy_sequences))
    assert scores.shape == (48,)
    assert np.isfinite(scores).all()


@pytest.mark.parametrize("name", NEURAL)
def test_field_scores_add_up(name: str, toy_vocabulary: Vocabulary, toy_sequences: Sequences) -> None:
    detector = make(name, toy_vocabulary, False, short=True).fit([toy_sequences], [toy_sequences])
    fields = detector.field_scores(toy_sequences)
    assert fields.shape == (5, len(FIELDS))
    assert fields.sum(axis=1) == pytest.approx(detector.score(toy_sequences))
    assert 0 < detector.best_step <= SHORT.max_steps


@pytest.mark.parametrize("entry", REGISTRY.values())
def test_the_docstring_names_paper_reference_and_departures(entry: str) -> None:
    text = inspect.getdoc(import_module(entry.split(":")[0])) or ""
    assert all(section in text for section in ("Paper:", "Reference:", "Departures:"))


def test_the_papers_detectors_come_first_in_its_order_then_controls_then_others() -> None:
    paper = ["lof", "isolation_forest", "aegis", "ocsvm", "autoencoder", "argus", "transae"]
    assert list(REGISTRY) == [*paper, "seen", "length", *sorted(ADDED["detector"])]
    assert {settings.name for settings in SETTINGS.values()} == set(REGISTRY)
