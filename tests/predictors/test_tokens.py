"""What ranks single tokens: SASRec as the release trains it, and the device control."""

from pathlib import Path

import numpy as np
import pytest

from smartgen.blueprint import Blueprint
from smartgen.core.errors import SmartgenError
from smartgen.core.types import Sequences
from smartgen.data.vocabulary import Vocabulary
from smartgen.predictors.device import TokenDevicePredictor
from smartgen.predictors.sasrec import TokenSasrecPredictor
from smartgen.protocols.candidates import sampled_candidates, token_histories
from smartgen.protocols.released_prediction import predict_tokens
from smartgen.saved import Trained, load_model, save_models
from smartgen.settings import PredictorSettings, SasrecSettings, TrainerSettings

CPU = TrainerSettings(accelerator="cpu")
SMALL = SasrecSettings("sasrec", width=16, epochs=60, dropout=0.0, length=40, learning_rate=0.003)
HISTORY, SIZE = np.array([[0, 0, 1, 2, 1]]), np.array([3])


def sasrec(vocabulary: Vocabulary, seed: int = 0, settings: SasrecSettings = SMALL) -> TokenSasrecPredictor:
    return TokenSasrecPredictor(vocabulary, settings, 4, CPU, seed)


def routine() -> Sequences:
    """Devices and actions from 1 on; the action follows from the device."""
    return Sequences.from_lists([[1, 2, 1, 3, 1, 3, 2, 5], [2, 2, 1, 3, 2, 3, 2, 5]] * 8)


def test_what_was_learned_is_foretold() -> None:
    """Each device has one action of its own among forty."""
    home = Vocabulary(tuple(f"D{i}" for i in range(10)), tuple(f"D{i // 4}:{i}" for i in range(40)))
    rows = [[1, 2, d, 11 + 2 * d] for d in range(3, 10)]
    train = Sequences.from_lists([rows[i % 7] + rows[(i + 2) % 7] + rows[(i + 3) % 7] for i in range(29)])
    test = Sequences.from_lists([rows[i % 7] + rows[(i + 4) % 7] for i in range(15)])
    metrics, counts = predict_tokens(sasrec(home), train, test)
    assert counts == {"train": 29, "test": 14, "left_out_test": 1}
    assert metrics["full_hr@5"] == 1
    assert metrics["hr@1"] == 1


def test_the_same_seed_gives_the_same_bytes(toy_vocabulary: Vocabulary) -> None:
    first, again, other = (
        sasrec(toy_vocabulary, s).fit(routine()).token_scores(HISTORY, SIZE) for s in (1, 1, 2)
    )
    assert first.shape == (1, 7)
    assert first.tobytes() == again.tobytes() != other.tobytes()


@pytest.mark.parametrize("settings", [SMALL, PredictorSettings("device")], ids=lambda one: one.name)
def test_a_saved_one_scores_bit_equal(
    settings: PredictorSettings, toy_vocabulary: Vocabulary, tmp_path: Path
) -> None:
    design = Blueprint("token_predictor", toy_vocabulary, settings, 1, CPU)
    predictor = design.make(batch_size=4).fit(routine())
    save_models(tmp_path, "cell", {}, [Trained("model", predictor, design)])
    saved = load_model(tmp_path / "runs/cell")
    wanted = predictor.token_scores(*token_histories(routine()))[:, :6]
    assert saved.score(routine()).tobytes() == wanted.tobytes()
    other = routine().values.copy()
    other[1::2, 3] = 0  # the last action is not read
    assert saved.score(routine().with_values(other)).tobytes() == wanted.tobytes()


def test_every_pad_can_be_computed(toy_vocabulary: Vocabulary) -> None:
    """Without dropout, one pad for all trains to the same weights."""
    whole = SasrecSettings("sasrec", width=16, epochs=3, dropout=0.0, length=40, folded=False)
    folded = SasrecSettings("sasrec", width=16, epochs=3, dropout=0.0, length=40)
    one, all_of_them = (
        sasrec(toy_vocabulary, settings=s).fit(routine()).token_scores(HISTORY, SIZE) for s in (folded, whole)
    )
    assert one == pytest.approx(all_of_them, abs=1e-4)


def test_one_sequence_leaves_nothing_to_train_on(toy_vocabulary: Vocabulary) -> None:
    with pytest.raises(SmartgenError, match="at least 2"):
        sasrec(toy_vocabulary).fit(routine()[:1])
    with pytest.raises(RuntimeError, match="fit the predictor"):
        sasrec(toy_vocabulary).token_scores(HISTORY, SIZE)


def test_the_device_control_scores_the_visible_devices_actions(toy_vocabulary: Vocabulary) -> None:
    scores = TokenDevicePredictor(toy_vocabulary).fit(routine()).token_scores(HISTORY, SIZE)
    assert scores.tolist() == [[0, 0, 1, 1, 0, 0, 0]]
    metrics, _ = predict_tokens(TokenDevicePredictor(toy_vocabulary), routine(), routine())
    assert metrics["full_hr@1"] == pytest.approx(0.5)  # one of the device's two actions, at random
    assert len(sampled_candidates(routine()).ids) == 15


def test_a_training_that_diverges_is_refused(toy_vocabulary: Vocabulary) -> None:
    wild = SasrecSettings("sasrec", width=16, epochs=3, length=40, learning_rate=float("inf"))
    with pytest.raises(SmartgenError, match="sasrec: the training diverged"):
        sasrec(toy_vocabulary, settings=wild).fit(routine())
