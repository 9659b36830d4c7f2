"""What every predictor must do: learn, score finitely, repeat itself to the byte, say where it is from."""

import inspect
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from smartgen.blueprint import Blueprint
from smartgen.config import compose_cell
from smartgen.core.errors import SmartgenError
from smartgen.core.models import ADDED
from smartgen.core.registry import load
from smartgen.core.types import ACTION, Sequences
from smartgen.data.histories import cases
from smartgen.data.vocabulary import Vocabulary
from smartgen.metrics.ranking import hit_rate, ranks
from smartgen.predictors import REGISTRY, TOKEN_REGISTRY
from smartgen.protocols.committee import probabilities
from smartgen.saved import Trained, load_model, save_models
from smartgen.settings import (
    HmmSettings,
    PredictorSettings,
    SasrecSettings,
    TrainerSettings,
    UnifiedProtocolSettings,
    WindowPredictorSettings,
)

CPU = TrainerSettings(accelerator="cpu")
BUDGET = UnifiedProtocolSettings(name="unified", max_steps=100, check_every=50, batch_size=16, width=16)
HISTORY_BLIND = ("popular",)
CONTROLS = ("popular", "markov")
NAMES = pytest.mark.parametrize("name", REGISTRY)
BOTH = pytest.mark.parametrize("released", [False, True], ids=["unified", "released"])


def settings(name: str) -> PredictorSettings:
    if name == "hmm":
        return HmmSettings(name, states=8)
    if name == "sasrec":
        return SasrecSettings(name, dropout=0.0)
    if name in CONTROLS:
        return PredictorSettings(name)
    own = 8 if name == "siar" else None
    quick = {"width": 8, "epochs": 25, "batch_size": 4, "unified_width": own}
    return added(name, quick) if name in ADDED["predictor"] else WindowPredictorSettings(name, **quick)


def added(name: str, quick: dict[str, Any]) -> PredictorSettings:
    """Of a predictor that was added as one file: as its configuration has them, networks small and quick."""
    settings = compose_cell("task=prediction", f"predictor={name}").predictor
    assert settings.name == name, f"conf/predictor/{name}.yaml: name is {settings.name}, expected {name}"
    return replace(settings, **quick) if isinstance(settings, WindowPredictorSettings) else settings


def fitted(name: str, vocabulary: Vocabulary, train: Sequences, seed: int = 0, released: bool = False) -> Any:
    budget = None if released else BUDGET
    predictor = load(REGISTRY, name, "predictor")(vocabulary, settings(name), budget, CPU, seed, None)
    return predictor.fit([train], [train])


def routine(released: bool) -> Sequences:
    """Two routines, each action of which tells the next: as windows of ten, or short ones."""
    rows = []
    for i in range(12):
        row: list[int] = []
        for t in range(10 if released else 2 + i % 5):
            action = (3 * i + t) % 6
            row += [i % 7, t % 8, action // 2, action]
        rows.append(row)
    return Sequences.from_lists(rows)


def skip_where_there_is_none(name: str, released: bool) -> None:
    if name == "sasrec" and released:
        pytest.skip("TokenSasrecPredictor has tests of its own")


@NAMES
@BOTH
def test_what_was_learned_is_foretold(name: str, released: bool, toy_vocabulary: Vocabulary) -> None:
    skip_where_there_is_none(name, released)
    train = routine(released)
    predictor = fitted(name, toy_vocabulary, train, released=released)
    found = cases(train)
    histories, wanted = found.histories, found.wanted
    if released:
        histories, wanted = histories.take(np.flatnonzero(found.last)), wanted[found.last]
    scores = predictor.score(histories)
    assert scores.shape == (len(wanted), 6)
    assert np.isfinite(scores).all()
    hits = hit_rate(ranks(scores, wanted), 2).mean()
    chance = 2 / 6
    if name in HISTORY_BLIND or (
        name == "hmm" and released
    ):  # which foretells the action that it saw last (D39)
        return
    assert hits > chance + 0.3, hits


@NAMES
@BOTH
def test_the_same_seed_gives_the_same_bytes(name: str, released: bool, toy_vocabulary: Vocabulary) -> None:
    skip_where_there_is_none(name, released)
    train = routine(released)
    histories = cases(train).histories
    if released:
        histories = histories.take(np.flatnonzero(histories.lengths == 9))
    first, again, other = (
        fitted(name, toy_vocabulary, train, seed, released).score(histories) for seed in (1, 1, 2)
    )
    assert first.tobytes() == again.tobytes()
    if name not in ADDED["predictor"]:  # which may draw or not
        assert (first.tobytes() == other.tobytes()) == (name in CONTROLS)


@NAMES
@BOTH
def test_a_saved_predictor_scores_bit_equal(
    name: str, released: bool, toy_vocabulary: Vocabulary, tmp_path: Path
) -> None:
    skip_where_there_is_none(name, released)
    train, asked = routine(released), cases(routine(released)).histories
    if released:
        asked = asked.take(np.flatnonzero(asked.lengths == 9))
    design = Blueprint("predictor", toy_vocabulary, settings(name), 3, CPU, None if released else BUDGET)
    predictor = design.make()
    predictor.fit([train], [train])
    save_models(tmp_path, "cell", {}, [Trained("model", predictor, design)])
    saved = load_model(tmp_path / "runs/cell")
    assert saved.blueprint == design
    assert saved.score(asked).tobytes() == predictor.score(asked).tobytes()
    if isinstance(settings(name), WindowPredictorSettings) and released:
        with pytest.raises(SmartgenError, match=f"{name} under protocol released, which knows no pad"):
            saved.score(routine(False))


@NAMES
def test_equal_histories_score_bit_equal_in_any_company(name: str, toy_vocabulary: Vocabulary) -> None:
    train = routine(False)
    predictor, histories = fitted(name, toy_vocabulary, train), cases(train).histories
    whole, twice = predictor.score(histories), predictor.score(histories.take([3, 3, 1]))
    assert twice[0].tobytes() == twice[1].tobytes()
    assert whole[3] == pytest.approx(twice[0], abs=1e-5)


@NAMES
def test_sets_of_unlike_size_count_the_same(name: str, toy_vocabulary: Vocabulary) -> None:
    """A large set in which 0 follows 1, a small one in which 2 does: each about half."""
    large = Sequences.from_lists([[0, 0, 0, 1, 0, 0, 0, 0]] * 90)
    small = Sequences.from_lists([[0, 0, 0, 1, 0, 0, 1, 2]] * 3)
    of = load(REGISTRY, name, "predictor")
    predictor = of(toy_vocabulary, settings(name), BUDGET, CPU, 0, None)
    predictor.fit([large, small], [large, small])
    scores = predictor.score(Sequences.from_lists([[0, 0, 0, 1]]))[0]
    assert {int(i) for i in np.argsort(-scores)[: 3 if name == "popular" else 2]} >= {0, 2}
    if name not in ("popular", "hmm"):
        shares = probabilities(scores[None], predictor.logits)[0]
        assert shares[2] == pytest.approx(0.5, abs=0.15)


@NAMES
def test_an_empty_set_and_scoring_before_fitting_are_refused(name: str, toy_vocabulary: Vocabulary) -> None:
    of = load(REGISTRY, name, "predictor")
    predictor = of(toy_vocabulary, settings(name), BUDGET, CPU, 0, None)
    with pytest.raises(SmartgenError, match=f"training set of {name} is empty"):
        predictor.fit([Sequences.from_lists([])], [routine(False)])
    fresh = of(toy_vocabulary, settings(name), BUDGET, CPU, 0, None)
    with pytest.raises(RuntimeError, match="fit the predictor"):
        fresh.score(cases(routine(False)).histories)


def test_windows_of_another_length_are_refused_under_released(toy_vocabulary: Vocabulary) -> None:
    with pytest.raises(SmartgenError, match="windows of 10 behaviors"):
        fitted("lstm", toy_vocabulary, routine(False), released=True)


def test_sasrec_never_scores_by_a_position_that_learned_nothing(toy_vocabulary: Vocabulary) -> None:
    """A row's last behavior is followed by nothing, so the last position gets no gradient."""
    predictor = fitted("sasrec", toy_vocabulary, train := routine(False))
    histories = Sequences.from_lists(
        [[x for b in s for x in b] for s in train if len(s) == train.lengths.max()]
    )
    before = predictor.score(histories)
    with torch.no_grad():
        predictor.network.positions.weight[-1] += 100
    assert predictor.score(histories).tobytes() == before.tobytes()


def test_unseen_actions_tie_in_the_hidden_markov_model() -> None:
    home = Vocabulary(("D",), tuple(f"D:{i}" for i in range(222)))
    train = routine(False)
    scores = fitted("hmm", home, train).score(cases(train).histories)
    assert all(len(set(row[6:].tolist())) == 1 for row in scores)


def test_the_markov_control_is_its_formula(toy_vocabulary: Vocabulary) -> None:
    train = Sequences.from_lists([[0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 2], [0, 0, 0, 1, 0, 0, 0, 0]])
    scores = fitted("markov", toy_vocabulary, train).score(Sequences.from_lists([[0, 0, 0, 1]]))[0]
    usual = np.bincount(train.values[:, ACTION], minlength=6) / 5
    counts = np.array([2, 0, 0, 0, 0, 0])
    assert scores == pytest.approx((counts + usual) / (2 + 1))


@pytest.mark.parametrize("entry", sorted({*REGISTRY.values(), *TOKEN_REGISTRY.values()}))
def test_the_docstring_names_paper_reference_and_departures(entry: str) -> None:
    text = inspect.getdoc(import_module(entry.split(":")[0])) or ""
    assert all(section in text for section in ("Paper:", "Reference:", "Departures:"))


def test_the_papers_predictors_come_first_in_its_order_then_controls_then_others() -> None:
    first = ["hmm", "fpmc", "lstm", "carnn", "caser", "siar", "sasrec", "popular", "markov"]
    assert list(REGISTRY) == [*first, *sorted(set(REGISTRY) - set(first))]
    assert list(TOKEN_REGISTRY)[:2] == ["sasrec", "device"]
    assert {*REGISTRY, *TOKEN_REGISTRY} == {*first, "device", *ADDED["predictor"]}


def test_an_unknown_name_has_the_known_ones_beside_it() -> None:
    with pytest.raises(SmartgenError, match="predictor is 'gru', expected one of hmm"):
        load(REGISTRY, "gru", "predictor")
