"""What every detector and predictor must answer when it is asked about one sequence."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from smartgen.core.errors import SmartgenError
from smartgen.core.types import Sequences
from smartgen.data.vocabulary import Vocabulary
from smartgen.detectors import REGISTRY as DETECTORS
from smartgen.protocols.committee import DetectorCommittee, PredictorCommittee, shared_out
from smartgen.protocols.thresholds import Threshold
from smartgen.saved import SavedModel, Trained, load_model, load_pair, save_models
from smartgen.scoring.answers import Models, surprise
from smartgen.scoring.session import Session, written
from smartgen.settings import NeuralDetectorSettings
from smartgen.training.fitted import FittedDetector
from tests.detectors import test_contract as detectors
from tests.predictors import test_contract as predictors

BEHAVIORS = {"seen": 4, "aegis": 0}  # fields that parts are told by; 0: by behavior alone


def wanted_fields(name: str, released: bool) -> int | None:
    """In how many fields a detector tells parts; None: it tells none."""
    if isinstance(detectors.SETTINGS[name], NeuralDetectorSettings):
        return None if released else 4
    return None if released and name == "aegis" else BEHAVIORS.get(name)


def saved(folder: Path, model: Any, design: Any, threshold: Threshold | None = None) -> SavedModel:
    save_models(folder, "cell", {}, [Trained("model", model, design, threshold)])
    return load_model(folder / "runs/cell")


def trained(name: str, released: bool, home: Vocabulary, toy: Sequences) -> Any:
    known = detectors.known(toy)
    return detectors.make(name, home, released, short=True).fit([known], [known])


def sequence_means(parts: np.ndarray, sequences: Sequences) -> list[float]:
    each = parts.reshape(len(parts), -1).sum(axis=1)
    return [float(some.mean()) for some in np.split(each, sequences.offsets[1:-1])]


@detectors.BOTH
def test_a_score_is_the_mean_of_its_behaviors_parts(
    name: str, released: bool, toy_vocabulary: Vocabulary, toy_sequences: Sequences
) -> None:
    detector = trained(name, released, toy_vocabulary, toy_sequences)
    asked = toy_sequences.take([3, 0, 3, 2])
    scores, parts = detector.explained(asked)
    assert scores.tobytes() == detector.score(asked).tobytes()
    if name in detectors.ADDED["detector"] and parts is None:
        return
    fields = wanted_fields(name, released)
    if fields is None:
        assert parts is None
        assert detector.behavior_scores(asked) is None
        return
    assert parts.shape == ((len(asked.values), fields) if fields else (len(asked.values),))
    assert parts.tobytes() == detector.behavior_scores(asked).tobytes()
    assert sequence_means(parts, asked) == pytest.approx(scores.tolist(), rel=1e-12)


@pytest.mark.parametrize("name", ["transae", "seen", "aegis", "lof"])
def test_committees_share_out_their_ranks(
    name: str, toy_vocabulary: Vocabulary, toy_sequences: Sequences
) -> None:
    sets = (toy_sequences, toy_sequences[:2])
    members = [detectors.make(name, toy_vocabulary, False, short=True).fit([one], [one]) for one in sets]
    committee = DetectorCommittee.of(members, [0.75, 0.25], [toy_sequences, toy_sequences[2:]])
    asked = Sequences.concatenate([toy_sequences, detectors.FOREIGN])
    scores, parts = committee.explained(asked)
    assert scores.tobytes() == committee.score(asked).tobytes()
    if name == "lof":
        assert parts is None
        return
    assert parts is not None
    assert sequence_means(parts, asked) == pytest.approx(scores.tolist(), rel=1e-12)


def test_a_detector_without_a_base_class_gives_no_parts(toy_sequences: Sequences) -> None:
    class Bare:
        def score(self, sequences: Sequences) -> np.ndarray:
            return sequences.lengths.astype(float)

    scores, parts = DetectorCommittee.of([Bare(), Bare()], [0.5, 0.5], [toy_sequences]).explained(
        toy_sequences
    )
    assert parts is None
    assert scores.shape == (5,)


def test_where_no_part_is_above_zero_all_count_the_same() -> None:
    one = Sequences.from_lists([[0, 0, 0, 1, 0, 0, 0, 2]])
    assert shared_out(np.array([0.5]), np.zeros((2, 4)), one).tolist() == [[0.125] * 4] * 2


@detectors.BOTH
def test_every_detector_answers_in_json(
    name: str, released: bool, toy_vocabulary: Vocabulary, toy_sequences: Sequences, tmp_path: Path
) -> None:
    design = detectors.blueprint(name, toy_vocabulary, released, short=True)
    known = detectors.known(toy_sequences)
    model = saved(tmp_path, design.make().fit([known], [known]), design, Threshold(0.5, strict=True))
    models = Models.of([model])
    for behaviors in (toy_sequences[0], toy_sequences[0][:1], detectors.FOREIGN[0] * 4):
        answer = json.loads(written({"line": 1} | models.answer(behaviors)))
        assert list(answer) == ["line", "score", "threshold", "flag", "surprise"]
        alone = Sequences.from_lists([[number for one in behaviors for number in one]])
        assert answer["score"] == model.score(alone)[0]
        assert answer["flag"] == (answer["score"] > 0.5)
        if answer["surprise"] is None:
            assert wanted_fields(name, released) is None or answer["score"] == 0
            continue
        words = toy_vocabulary.words(behaviors[answer["surprise"]["position"]])
        assert tuple(answer["surprise"]["behavior"].values()) == words
        if "fields" in answer["surprise"]:
            total = sum(answer["surprise"]["fields"].values())
            assert total == pytest.approx(answer["surprise"]["score"])
    assert set(DETECTORS) <= {one.name for one in detectors.SETTINGS.values()}


@predictors.NAMES
def test_every_predictor_answers_in_json(name: str, toy_vocabulary: Vocabulary, tmp_path: Path) -> None:
    routine = predictors.routine(False)
    design = predictors.Blueprint(
        "predictor", toy_vocabulary, predictors.settings(name), 3, predictors.CPU, predictors.BUDGET
    )
    model = saved(tmp_path, predictors.fitted(name, toy_vocabulary, routine), design)
    for behaviors in (routine[3], routine[0][:1], routine[3] * 4):
        answer = json.loads(written(Models.of([model], top=4).answer(behaviors)))
        assert list(answer) == ["next"]
        shares = [one["probability"] for one in answer["next"]]
        assert len(shares) == 4
        assert shares == sorted(shares, reverse=True)
        assert 0 < sum(shares) <= 1 + 1e-9
        assert {one["action"] for one in answer["next"]} <= set(toy_vocabulary.actions)
        whole = Models.of([model], top=99).answer(behaviors)["next"]
        assert sum(one["probability"] for one in whole) == pytest.approx(1)


def test_a_committee_of_predictors_gives_its_own_probabilities(
    toy_vocabulary: Vocabulary, tmp_path: Path
) -> None:
    routine = predictors.routine(False)
    members = [predictors.fitted("markov", toy_vocabulary, one) for one in (routine, routine[:4])]
    committee = PredictorCommittee.of(members, [0.5, 0.5], [[routine], [routine[:4]]], 6)
    settings = predictors.settings("markov")
    design = predictors.Blueprint("predictor", toy_vocabulary, settings, 3, predictors.CPU, predictors.BUDGET)
    model = saved(tmp_path, committee, design)
    found = {one["action"]: one["probability"] for one in Models.of([model]).answer(routine[3])["next"]}
    told = dict(zip(toy_vocabulary.actions, committee.score(routine[3:4])[0].tolist(), strict=True))
    assert found == pytest.approx(told)


def test_nothing_surprising_is_no_surprise(toy_vocabulary: Vocabulary, toy_sequences: Sequences) -> None:
    one = toy_sequences[1:2]
    assert surprise(None, one, toy_vocabulary) is None
    assert surprise(np.zeros(2), one, toy_vocabulary) is None
    found = surprise(np.array([2.0, 2.0]), one, toy_vocabulary)
    assert found is not None
    assert (found["position"], found["score"], "fields" in found) == (0, 2.0, False)


def pair(folder: Path, home: Vocabulary, toy: Sequences, *names: str) -> Path:
    """A cell's folder with a detector, a predictor, or several of a kind."""
    routine, models = predictors.routine(False), []
    for name in names:
        if name.startswith("detector"):
            design = detectors.blueprint("seen", home, False)
            models.append(Trained(name, design.make().fit([toy], [toy]), design, Threshold(0.5)))
        else:
            settings = predictors.settings("markov")
            of = predictors.Blueprint("predictor", home, settings, 3, predictors.CPU, predictors.BUDGET)
            models.append(Trained(name, of.make().fit([routine], [routine]), of))
    save_models(folder, "cell", {}, models)
    return folder / "runs/cell"


def test_a_folder_with_one_of_each_is_loaded_whole(
    tmp_path: Path, toy_vocabulary: Vocabulary, toy_sequences: Sequences
) -> None:
    both = load_pair(pair(tmp_path, toy_vocabulary, toy_sequences, "a_predictor", "detector"))
    assert [one.is_detector for one in both] == [True, False]
    answer = Models.of(both).answer(toy_sequences[0])
    assert list(answer) == ["score", "threshold", "flag", "surprise", "next"]
    assert len(load_pair(tmp_path / "runs/cell/models/detector.json")) == 1
    with pytest.raises(SmartgenError, match="2 models are here"):
        load_model(tmp_path / "runs/cell")


def test_what_cannot_answer_together_is_refused(
    tmp_path: Path, toy_vocabulary: Vocabulary, toy_sequences: Sequences
) -> None:
    with pytest.raises(SmartgenError, match="2 models are here, name one"):
        load_pair(pair(tmp_path / "two", toy_vocabulary, toy_sequences, "detector_a", "detector_b"))
    (one,) = load_pair(pair(tmp_path / "one", toy_vocabulary, toy_sequences, "detector"))
    with pytest.raises(SmartgenError, match="two of them detectors; expected one of a kind"):
        Models.of([one, one])
    other = Vocabulary(toy_vocabulary.devices, (*toy_vocabulary.actions, "Light:dim"), frozenset())
    (foreign,) = load_pair(pair(tmp_path / "other", other, toy_sequences, "predictor"))
    with pytest.raises(SmartgenError, match="different homes"):
        Models.of([one, foreign])
    with pytest.raises(SmartgenError, match="markov is a predictor, its scores have no parts"):
        foreign.explained(toy_sequences)


def test_token_predictors_are_refused(
    tmp_path: Path, toy_vocabulary: Vocabulary, toy_sequences: Sequences
) -> None:
    settings = predictors.settings("popular")
    settings.name = "device"
    design = predictors.Blueprint("token_predictor", toy_vocabulary, settings, 3, predictors.CPU)
    model = SavedModel("cell", {}, design, design.make(), None)
    with pytest.raises(SmartgenError, match="train it with protocol=unified"):
        Models.of([model])


def test_a_score_that_is_no_number_is_an_error(
    tmp_path: Path, toy_vocabulary: Vocabulary, toy_sequences: Sequences
) -> None:
    class Endless(FittedDetector):
        def _fit(self, *_: object) -> None: ...

        def _score(self, sequences: Sequences) -> np.ndarray:
            return np.full(len(sequences), np.inf)

    design = detectors.blueprint("seen", toy_vocabulary, False)
    empty = Endless(toy_vocabulary, design.settings, None, None, design.trainer, 0)
    model = SavedModel("cell", {}, design, empty.fit([toy_sequences]), Threshold(1.0))
    line = json.dumps({"day": 0, "hour": 0, "action": "Light:on"}).encode()
    answer = Session(Models.of([model])).answer(line)
    assert "seen scores inf, expected a finite number" in answer["error"]
