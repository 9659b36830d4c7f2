"""What kept models say of one sequence, as JSON has it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smartgen.core.errors import SmartgenError
from smartgen.core.types import FIELDS, Behavior, Sequences
from smartgen.data.vocabulary import Vocabulary
from smartgen.protocols.committee import probabilities
from smartgen.saved import SavedModel

Answer = dict[str, Any]
Scores = NDArray[np.float64]


@dataclass(frozen=True)
class Models:
    """A detector, a predictor, or both, of one home.

    Args:
        top: how many next actions are told.
    """

    detector: SavedModel | None
    predictor: SavedModel | None
    top: int = 10

    @classmethod
    def of(cls, models: Sequence[SavedModel], top: int = 10) -> Models:
        """From one or two loaded models.

        Raises:
            SmartgenError: two of a kind, of two homes, or one that foretells no next action.
        """
        detectors = [one for one in models if one.is_detector]
        predictors = [one for one in models if not one.is_detector]
        if len(detectors) > 1 or len(predictors) > 1:
            kind = "detectors" if len(detectors) > 1 else "predictors"
            raise SmartgenError(f"{len(models)} models, two of them {kind}; expected one of a kind")
        if len({one.vocabulary for one in models}) > 1:
            raise SmartgenError("the two models are of different homes; expected one vocabulary")
        for one in predictors:
            if one.blueprint.kind == "token_predictor":
                name = one.blueprint.settings.name
                raise SmartgenError(
                    f"{name} under protocol=released foretells the action of a device that it is shown, not "
                    "what comes next; train it with protocol=unified"
                )
        return cls(next(iter(detectors), None), next(iter(predictors), None), top)

    @property
    def vocabulary(self) -> Vocabulary:
        """What ids mean."""
        one = self.detector or self.predictor
        assert one is not None
        return one.vocabulary

    def answer(self, behaviors: Sequence[Behavior]) -> Answer:
        """Score one sequence alone, so that the answer hangs on no other one, to the last bit.

        Returns:
            ``score``, ``threshold``, ``flag`` and ``surprise`` of the detector, ``next`` of the predictor.

        Raises:
            SmartgenError: a model cannot score such a sequence.
        """
        sequence = Sequences.from_lists([[number for one in behaviors for number in one]])
        found: Answer = {}
        if self.detector is not None:
            found |= _detected(self.detector, sequence)
        if self.predictor is not None:
            shares = probabilities(self.predictor.score(sequence), self.predictor.model.logits)[0]
            if not np.isfinite(shares).all():
                name = self.predictor.blueprint.settings.name
                raise SmartgenError(f"{name} foretells with shares that are no numbers, expected finite ones")
            found["next"] = next_actions(shares, self.vocabulary, self.top)
        return found


def _detected(detector: SavedModel, sequence: Sequences) -> Answer:
    scores, parts = detector.explained(sequence)
    score = float(scores[0])
    if not math.isfinite(score):  # JSON knows no such number
        raise SmartgenError(f"{detector.blueprint.settings.name} scores {score}, expected a finite number")
    found: Answer = {"score": score}
    if detector.threshold is not None:
        found["threshold"] = detector.threshold.value
        found["flag"] = bool(detector.threshold.flags(np.array([score]))[0])
    return found | {"surprise": surprise(parts, sequence, detector.vocabulary)}


def surprise(parts: Scores | None, sequence: Sequences, vocabulary: Vocabulary) -> Answer | None:
    """The behavior with the highest part of a sequence's score; the first of equals.

    Args:
        parts: (n_behaviors,) or (n_behaviors, 4); None: the score has none.
        sequence: one.

    Returns:
        Its position from 0, words and part, and what each field adds where that is known. None where there
        are no parts, or where none is above 0.
    """
    if parts is None:
        return None
    each = parts.reshape(len(parts), -1).sum(axis=1)
    position = int(each.argmax())
    if not each[position] > 0:
        return None
    words = vocabulary.words(sequence[0][position])
    found: Answer = {
        "position": position,
        "behavior": dict(zip(FIELDS, words, strict=True)),
        "score": float(each[position]),
    }
    if parts.ndim == 2:
        found["fields"] = dict(zip(FIELDS, parts[position].tolist(), strict=True))
    return found


def next_actions(shares: Scores, vocabulary: Vocabulary, top: int) -> list[Answer]:
    """The likeliest actions, likeliest first; equals in the vocabulary's order.

    Example:
        >>> next_actions(np.array([0.25, 0.75]), Vocabulary(("Light",), ("Light:off", "Light:on")), top=1)
        [{'action': 'Light:on', 'probability': 0.75}]
    """
    best = np.argsort(-shares, kind="stable")[:top]
    return [{"action": vocabulary.actions[i], "probability": float(shares[i])} for i in best]
