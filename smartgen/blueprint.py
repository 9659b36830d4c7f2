"""What a model is made of before it learns: enough to make an equal fresh one, here or from a saved file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

from numpy.typing import NDArray

from smartgen.core.errors import SmartgenError
from smartgen.core.models import REGISTRIES, axis_of
from smartgen.core.registry import load
from smartgen.data.vocabulary import Vocabulary
from smartgen.settings import (
    DetectorSettings,
    PredictorSettings,
    TrainerSettings,
    UnifiedProtocolSettings,
)

# Of settings: what a network's weights grow with, what it is repeated by, and what limits it in no other way.
WIDTHS: Final = ("d_model", "width", "unified_width", "heads", "states")
REPEATS: Final = ("layers", "blocks")
OTHERS: Final = ("length", "neighbors")
MOST_TREES: Final = 10_000
MOST_THREADS: Final = 1024
SMALL: Final = 1 << 26  # numbers that any model may have, 256 MB of them
TIMES: Final = 16  # as many as there are weights


@dataclass(frozen=True)
class Blueprint:
    """A model's parts.

    Args:
        kind: detector, predictor, or token_predictor (SASRec as the release trains it).
        vocabulary: the home's.
        settings: the model's own; their name is that in the registry.
        seed: of whatever is drawn.
        trainer: how to compute; scores hang on the number of threads too.
        budget: of protocol unified; None: as the release does it.
        field: of a detector under released, which of day, hour, device, action it reads; None: all four.
    """

    kind: str
    vocabulary: Vocabulary
    settings: DetectorSettings | PredictorSettings
    seed: int
    trainer: TrainerSettings
    budget: UnifiedProtocolSettings | None = None
    field: int | None = None

    def make(self, logger: Any = None, batch_size: int = 1, **more: Any) -> Any:
        """A fresh model.

        Args:
            logger: a Lightning logger, or None.
            batch_size: sequences a step, of a token predictor's training.
            more: what this predictor alone takes.

        Raises:
            SmartgenError: no model has this name.
        """
        of = _model_class(self.kind, self.settings.name)
        if self.kind == "token_predictor":
            return of(self.vocabulary, self.settings, batch_size, self.trainer, self.seed, logger)
        read = (self.budget, self.field) if self.kind == "detector" else (self.budget,)
        return of(self.vocabulary, self.settings, *read, self.trainer, self.seed, logger, **more)

    def to_json(self) -> dict[str, Any]:
        """JSON's own types, from which ``from_json`` makes an equal blueprint."""
        vocabulary = self.vocabulary
        return {
            "kind": self.kind,
            "settings": {"class": type(self.settings).__name__} | asdict(self.settings),
            "seed": self.seed,
            "trainer": asdict(self.trainer),
            "budget": None if self.budget is None else asdict(self.budget),
            "field": self.field,
            "vocabulary": {
                "devices": list(vocabulary.devices),
                "actions": list(vocabulary.actions),
                "off_actions": sorted(vocabulary.off_actions),
            },
        }

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Self:
        """What ``to_json`` told.

        Raises:
            SmartgenError: a kind, model or settings that there are not.
            KeyError, TypeError: something is missing or strange.
        """
        kind, settings = told["kind"], dict(told["settings"])
        name = settings.pop("class")
        _refuse_unknown("kind", kind, REGISTRIES)
        classes = _settings_classes(kind, settings["name"])
        _refuse_unknown("settings.class", name, classes)
        words = told["vocabulary"]
        return cls(
            kind,
            Vocabulary(tuple(words["devices"]), tuple(words["actions"]), frozenset(words["off_actions"])),
            classes[name](**settings),
            told["seed"],
            TrainerSettings(**told["trainer"]),
            None if told["budget"] is None else UnifiedProtocolSettings(**told["budget"]),
            told["field"],
        )


def check_sizes(blueprint: Blueprint, members: Any, state: Mapping[str, NDArray[Any]]) -> None:
    """A network is made before its weights are put in, and a few digits can ask for terabytes.

    Raises:
        SmartgenError: the message names what is out of proportion.
    """
    told = vars(blueprint.settings) | ({} if blueprint.budget is None else vars(blueprint.budget))
    _check_whole("trainer.threads", blueprint.trainer.threads, 1, MOST_THREADS)
    _check_whole("members", members, 0, len(state))
    _check_whole("trees", told.get("trees", 1), 1, MOST_TREES)
    for name in REPEATS:
        _check_whole(name, told.get(name, 0), 0, len(state))
    for name in (*WIDTHS, *OTHERS):
        if told.get(name) is not None:
            _check_whole(name, told[name], 0, SMALL)
    words = len(blueprint.vocabulary.actions) + len(blueprint.vocabulary.devices)
    rows = max(
        (len(one) for name, one in state.items() if name.startswith("offsets") and one.ndim), default=0
    )
    widest = max((told[name] for name in WIDTHS if told.get(name)), default=1)
    longest = max([widest, words, *(told[name] for name in OTHERS if told.get(name))])
    repeats = max((told[name] for name in REPEATS if told.get(name)), default=1)
    wanted = max(widest * longest * repeats, rows * words)
    there = sum(one.size for one in state.values())
    if wanted > max(SMALL, TIMES * there):
        raise SmartgenError(f"it asks for some {wanted:,} numbers, its weights are {there:,}")


def _check_whole(name: str, value: Any, least: int, most: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise SmartgenError(f"{name} is {str(value)[:40]}, expected {least} to {most:,}")


def _model_class(kind: str, name: str) -> Any:
    return load(REGISTRIES[kind], name, f"{axis_of(kind)}.name")


def _settings_classes(kind: str, model: str) -> dict[str, type[Any]]:
    """By name the package's own, and what the model's file defines, once it is imported."""
    base = DetectorSettings if kind == "detector" else PredictorSettings
    places = (base.__module__, _model_class(kind, model).__module__)
    return {one.__name__: one for one in _all(base) if one.__module__ in places}


def _refuse_unknown(what: str, value: str, known: Mapping[str, Any]) -> None:
    if value not in known:
        raise SmartgenError(f"{what} is {value!r}, expected one of {', '.join(known)}")


def _all(base: type[Any]) -> Iterator[type[Any]]:
    """A class and all that are made from it."""
    yield base
    for one in base.__subclasses__():
        yield from _all(one)
