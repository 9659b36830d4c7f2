"""Homes by name: the one place that knows where a dataset's sequences come from."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from smartgen.core.errors import SmartgenError
from smartgen.core.types import Sequences
from smartgen.data.demo.simulate import simulate
from smartgen.data.demo.vocabulary import demo_vocabulary
from smartgen.data.release import (
    DATA_FOLDER,
    check_ids,
    context_file,
    datasets,
    read_sequences,
    read_vocabulary,
    release_root,
)
from smartgen.data.vocabulary import Vocabulary
from smartgen.data.windows import LONGEST
from smartgen.logs_settings import LogsSettings
from smartgen.settings import DatasetSettings, TransitionSettings

# Where the release keeps fixed windows; trn and vld are of the former context, test is of the new one.
WINDOW_FOLDER = "behavior_prediciton_baseline/baseline_data"
WINDOW_PARTS = ("trn", "vld", "test")
# Where the release keeps attacks of unsplit sequences, made at random with a seed that is not known (D43).
ATTACK_FOLDER = "ablation_study/study_data/ablation1"


@dataclass(frozen=True)
class FixedWindows:
    """Windows of ten behaviors, for predictors of protocol released (release: ``baseline_data``).

    Args:
        train, validation: of the former context.
        test: of the new one.
    """

    train: Sequences
    validation: Sequences
    test: Sequences


class Home:
    """A home before and after a change. Sequences are read when first asked for.

    Args:
        vocabulary: of both contexts.
        source, target: give the raw sequences of the former context, and of the new one for testing; no
            target where nothing is known of the new context but what it is like.
        validation: gives raw sequences of the former context that `source` lacks; None where there are none.
        windows: gives fixed windows of both contexts; None cuts them from the raw sequences laid end to end,
            the last fifth of the former context's for validation (ours).
        target_validation: gives raw sequences of the new context that `target` lacks; None without any.
        attacks: gives the recorded attacks of a kind, of the new context; None where there are none.
        zone: time zone on whose clock days and hours are; None: not known.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        source: Callable[[], Sequences],
        target: Callable[[], Sequences] | None,
        validation: Callable[[], Sequences] | None = None,
        windows: Callable[[], FixedWindows] | None = None,
        target_validation: Callable[[], Sequences] | None = None,
        attacks: Callable[[str], Sequences] | None = None,
        zone: str | None = None,
    ) -> None:
        self.vocabulary, self.zone = vocabulary, zone
        self._source, self._target, self._validation = source, target, validation
        self._windows = windows
        self._target_validation, self._attacks = target_validation, attacks

    @cached_property
    def source(self) -> Sequences:
        """Raw sequences of the former context: the pipeline's input."""
        return self._source()

    @property
    def knows_target(self) -> bool:
        """Whether there are real sequences of the new context."""
        return self._target is not None

    @cached_property
    def target(self) -> Sequences:
        """Raw sequences of the new context: for testing, and for the oracle; a home without is an error."""
        if self._target is None:
            raise SmartgenError(
                "transition.split is null, so the log has no part of the new context to test on; name one, "
                "as transition.split=2024-03-20, or take experiment=adapt, which needs none"
            )
        return self._target()

    @cached_property
    def windows(self) -> FixedWindows:
        """Windows of ten behaviors of both contexts."""
        if self._windows is not None:
            return self._windows()
        former, new = _consecutive(self.source), _consecutive(self.target)
        cut = int(0.8 * len(former))
        if not cut or not len(new):
            raise SmartgenError(
                f"the home's logs give {len(former)} and {len(new)} windows of {LONGEST} behaviors, expected "
                "2 and 1 at least; take protocol=unified, or a longer log"
            )
        return FixedWindows(former[:cut], former[cut:], new)

    @cached_property
    def target_validation(self) -> Sequences:
        """Raw sequences of the new context beside ``target``; a home without them is an error."""
        if self._target_validation is None:
            raise SmartgenError(
                "protocol.threshold_data is target, but this home has no validation sequences of the new "
                "context; take protocol.threshold_data=synthetic, or protocol=released or unified"
            )
        return self._target_validation()

    def recorded_attacks(self, kind: str) -> Sequences:
        """The attacks of this kind that were recorded for the new context; a home without is an error."""
        if self._attacks is None:
            raise SmartgenError(
                "protocol.attacks is recorded, but nothing is recorded for this home; take "
                "protocol.attacks=rule, or protocol=released or unified"
            )
        return self._attacks(kind)

    def holding_out(self) -> tuple[Home, Sequences]:
        """The home, and raw sequences of its former context that its ``source`` does not hold.

        Where the data bring none, they are the last 20 % of the log, which the home returned lacks (ours).
        """
        if self._validation is not None:
            return self, self._validation()
        whole, cut = self.source, int(0.8 * len(self.source))
        return Home(self.vocabulary, lambda: whole[:cut], self._target, zone=self.zone), whole[cut:]


def load_home(dataset: DatasetSettings, transition: TransitionSettings, release: str, seed: int) -> Home:
    """The home of a cell.

    Args:
        release: folder of the authors' data.
        seed: of the demo's household where the dataset names none.

    Raises:
        SmartgenError: an unknown kind or dataset, a release that is missing, damaged or empty.
    """
    if dataset.kind == "demo":
        return _demo(dataset, transition, seed)
    if isinstance(dataset, LogsSettings):
        return _own(dataset, transition)
    if dataset.kind != "release":
        raise SmartgenError(f"dataset.kind is {dataset.kind!r}, expected release, demo or logs")
    return _released(dataset.name, transition, release_root(release))


def _demo(dataset: DatasetSettings, transition: TransitionSettings, seed: int) -> Home:
    household = seed if dataset.household is None else dataset.household

    def live(context: str) -> Sequences:
        return simulate(context, household, dataset.days)

    return Home(demo_vocabulary(), lambda: live(transition.source), lambda: live(transition.target))


def _own(dataset: LogsSettings, transition: TransitionSettings) -> Home:
    from smartgen.data.logs.log import read_log
    from smartgen.data.logs.split import split_log

    log = read_log(dataset)
    _check_devices(transition.change.replace, log.vocabulary)
    if transition.split is None:
        return Home(log.vocabulary, log.sequences, None, zone=log.zone)
    former, new = split_log(log, transition.split)
    return Home(log.vocabulary, lambda: log.sequences(former), lambda: log.sequences(new), zone=log.zone)


def _check_devices(replacements: dict[str, list[str]], vocabulary: Vocabulary) -> None:
    """A home's owner names its own devices, so that a name without one is a slip of the pen."""
    known = vocabulary.ids[2]
    for name in (one for gone, comes in replacements.items() for one in (gone, *comes)):
        if name not in known:
            meant = "".join(f" (is it {one!r}?)" for one in difflib.get_close_matches(name, known, 1))
            raise SmartgenError(
                f"transition.change.replace names {name!r}, which is no device of this log{meant}; "
                "`smartgen-data log FILE --actions` lists them, dataset.actions= adds what the log never has"
            )


def _released(name: str, transition: TransitionSettings, root: Path) -> Home:
    if not (root / DATA_FOLDER / name).is_dir():
        raise SmartgenError(f"{root} has no dataset {name!r}, only {', '.join(datasets(root))}")
    vocabulary = read_vocabulary(root, name)

    def read(context: str, part: str) -> Sequences:
        path = context_file(root, name, context, part)
        sequences = read_sequences(path)
        if not len(sequences):
            raise SmartgenError(
                f"{path} holds no sequence; expected the {context} log, run `smartgen-data verify`"
            )
        check_ids(sequences, vocabulary, path)
        return sequences

    def windows() -> FixedWindows:
        folder = root / WINDOW_FOLDER / name / transition.source
        return FixedWindows(*(_read_windows(folder / f"{part}.pkl", vocabulary) for part in WINDOW_PARTS))

    def attacks(kind: str) -> Sequences:
        path = root / ATTACK_FOLDER / f"{name}_{transition.target}_attack_{kind}.pkl"
        instead = (
            "no such file; protocol.attacks=recorded has it for Table 4's home alone: take "
            "protocol.attacks=rule, or protocol=released or unified"
        )
        return _read_file(path, vocabulary, instead)

    folder = root / DATA_FOLDER / name
    validation, target_validation = (
        folder / context / "vld.pkl" for context in (transition.source, transition.target)
    )
    return Home(
        vocabulary,
        lambda: read(transition.source, "trn.pkl"),
        lambda: read(transition.target, "test.pkl"),
        (lambda: read(transition.source, "vld.pkl")) if validation.is_file() else None,
        windows,
        (lambda: read(transition.target, "vld.pkl")) if target_validation.is_file() else None,
        attacks,
    )


def _read_file(path: Path, vocabulary: Vocabulary, instead: str) -> Sequences:
    """The sequences of a file that not every release has; ``instead`` says what to do without it."""
    if not path.is_file():
        raise SmartgenError(f"{path}: {instead}")
    sequences = read_sequences(path)
    check_ids(sequences, vocabulary, path)
    return sequences


def _read_windows(path: Path, vocabulary: Vocabulary) -> Sequences:
    """A file of fixed windows; one with another number of behaviors is an error."""
    instead = (
        "no such file in this release; take protocol=unified, or for detection "
        "protocol.source_data=pieces (with regime=synthetic protocol.data=pieces)"
    )
    sequences = _read_file(path, vocabulary, instead)
    if not len(sequences) or (sequences.lengths != LONGEST).any():
        raise SmartgenError(f"{path}: expected windows of {LONGEST} behaviors")
    return sequences


def _consecutive(raw: Sequences) -> Sequences:
    """Windows of ten behaviors from sequences laid end to end; what is left over at the end is dropped."""
    count = len(raw.values) // LONGEST
    return Sequences(raw.values[: count * LONGEST], np.arange(count + 1) * LONGEST)
