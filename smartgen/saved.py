"""Models that a cell trained, kept beside its record (``save=true``) and loaded again (ours).

A model is two files: its weights as safetensors, and a JSON file, written last, that says what to make of
them. Nothing is pickled, so that loading a file runs no code of its own.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as save_arrays

from smartgen.blueprint import Blueprint, check_sizes
from smartgen.core.atomic import write_bytes_atomic, write_json_atomic
from smartgen.core.errors import SmartgenError
from smartgen.core.foreign import read_json
from smartgen.core.provenance import provenance
from smartgen.core.records import read_record
from smartgen.core.types import FIELDS, MAX_BEHAVIORS, Sequences
from smartgen.data.vocabulary import DAYS, HOURS, Vocabulary
from smartgen.protocols.candidates import token_histories
from smartgen.protocols.committee import MEMBER, DetectorCommittee, PredictorCommittee, explained_by
from smartgen.protocols.thresholds import Threshold
from smartgen.training.threads import thread_limit

FORMAT = 1
FOLDER = "models"
WEIGHTS = ".safetensors"
REMEDY = "run its cell again with save=true force=true"

Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Trained:
    """A model that a cell trained.

    Args:
        name: of its files: ``model``, or ``fold_0`` and ``fold_1`` where regimes see target data.
        model: a detector, a predictor, or a committee of them.
        blueprint: of the model, or of each member.
        threshold: of a detector.
    """

    name: str
    model: Any
    blueprint: Blueprint
    threshold: Threshold | None = None


def save_models(
    outputs: Path, key: str, axes: Mapping[str, Any], models: Sequence[Trained], zone: str | None = None
) -> list[str]:
    """Write the models of a cell, each file atomically, before the cell's record.

    Args:
        outputs: the outputs folder.
        key: the cell's content key.
        axes: of the cell, for who finds the file.
        zone: time zone of the home, on whose clock days and hours are; None: not known.

    Returns:
        Their names, for the record's ``run`` block.

    Raises:
        SmartgenError: a file cannot be written.
    """
    folder = outputs / "runs" / key / FOLDER
    for one in models:
        # safetensors writes memory as it lies, whatever an array's strides say.
        content = save_arrays({name: np.asarray(x, order="C") for name, x in one.model.state().items()})
        write_bytes_atomic(folder / f"{one.name}{WEIGHTS}", content)
        told = {
            "format": FORMAT,
            "key": key,
            "axes": dict(axes),
            "zone": zone,
            "versions": provenance()["versions"],
            "model": one.blueprint.to_json(),
            "members": len(getattr(one.model, "members", [])),
            "threshold": None if one.threshold is None else asdict(one.threshold),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
        write_json_atomic(folder / f"{one.name}.json", told)
    return [one.name for one in models]


def has_models(outputs: Path, key: str) -> bool:
    """Whether a recorded cell kept its models, and they are still there."""
    record = read_record(outputs, key)
    names = () if record is None else record.run.get("models", ())
    folder = outputs / "runs" / key / FOLDER
    files = [folder / f"{name}{ending}" for name in names for ending in (WEIGHTS, ".json")]
    return bool(files) and all(path.is_file() for path in files)


@dataclass(frozen=True)
class SavedModel:
    """A trained model that needs nothing of its cell any more.

    Args:
        key: of the cell that trained it.
        axes: of that cell: task, dataset, transition, regime, protocol, seed and others.
        blueprint: what it is made of.
        model: what scores.
        threshold: of a detector: where alarms begin, and whether a tie is one.
        zone: of the home's clock, on which days and hours are; None: not known.
    """

    key: str
    axes: Mapping[str, Any]
    blueprint: Blueprint
    model: Any
    threshold: Threshold | None
    zone: str | None = None

    @property
    def is_detector(self) -> bool:
        """Whether it says how strange sequences are; else it says what comes next."""
        return self.blueprint.kind == "detector"

    @property
    def vocabulary(self) -> Vocabulary:
        """What the ids of sequences mean."""
        return self.blueprint.vocabulary

    def score(self, sequences: Sequences) -> NDArray[np.float64]:
        """How strange sequences are, or what comes next.

        Args:
            sequences: at least one behavior each, in the ids of ``vocabulary``; of a token predictor (SASRec
                under protocol released) the last action is not read, its day, hour and device are.

        Returns:
            Of a detector (n,), higher is more anomalous; of a predictor (n, actions), higher is likelier.
            On the same machine and versions bit-equal to what the cell had for the same sequences.

        Raises:
            SmartgenError: an empty sequence, or an id that the home does not have.
        """
        self._check(sequences)
        actions = len(self.vocabulary.actions)
        if not len(sequences):
            return np.zeros(0 if self.blueprint.kind == "detector" else (0, actions))
        with thread_limit(self.blueprint.trainer.threads):
            if self.blueprint.kind == "token_predictor":
                scores: NDArray[np.float64] = self.model.token_scores(*token_histories(sequences))
                return scores[:, :actions]
            scores = self.model.score(sequences)
        return scores

    def explained(self, sequences: Sequences) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
        """A detector's scores, and what each behavior has to do with them.

        Returns:
            (n,) as ``score``; and (n_behaviors,), or (n_behaviors, 4) by day, hour, device, action, of all
            sequences' behaviors in turn: a sequence's score is the mean over its behaviors, of the sum of the
            four. None in its place for LOF, isolation forest, OCSVM, length, and released networks.

        Raises:
            SmartgenError: as ``score``; or a predictor was asked.
        """
        if not self.is_detector:
            raise SmartgenError(f"{self.blueprint.settings.name} is a predictor, its scores have no parts")
        if not len(sequences):
            return self.score(sequences), None
        self._check(sequences)
        with thread_limit(self.blueprint.trainer.threads):
            return explained_by(self.model, sequences)

    def flags(self, sequences: Sequences) -> NDArray[np.bool_]:
        """(n,) whether a detector finds each sequence anomalous, by the cell's threshold.

        Raises:
            SmartgenError: as ``score``; or a predictor was asked.
        """
        if self.threshold is None:
            name = self.blueprint.settings.name
            raise SmartgenError(f"{name} is a predictor and flags nothing; ask it for score")
        return self.threshold.flags(self.score(sequences))

    def _check(self, sequences: Sequences) -> None:
        if not sequences.lengths.all():
            raise SmartgenError(f"sequence {int(sequences.lengths.argmin())} is empty, expected behaviors")
        sizes = (len(DAYS), len(HOURS), len(self.vocabulary.devices), len(self.vocabulary.actions))
        wrong = (sequences.values < 0) | (sequences.values >= sizes)
        if wrong.any():
            row, field = np.argwhere(wrong)[0]
            owner = int(np.searchsorted(sequences.offsets, row, side="right")) - 1
            raise SmartgenError(
                f"sequence {owner} has {FIELDS[field]} {sequences.values[row, field]}, expected 0 to "
                f"{sizes[field] - 1}; see the model's vocabulary"
            )


def load_model(path: str | Path) -> SavedModel:
    """A model that a cell kept with ``save=true``.

    Args:
        path: its JSON file, whose weights lie beside it; or the folder of a cell with one model.

    Raises:
        SmartgenError: there is none, or several; a file is damaged, foreign, or of another format.
    """
    file = _file(Path(path))
    told = _told(file)
    state = _weights(file, told["sha256"])
    try:
        blueprint = Blueprint.from_json(told["model"])
        check_sizes(blueprint, told["members"], state)
        threshold = None if told["threshold"] is None else Threshold(**told["threshold"])
        with thread_limit(blueprint.trainer.threads):
            model = _restored(blueprint, told["members"], state)
        return _tried(SavedModel(told["key"], told["axes"], blueprint, model, threshold, told.get("zone")))
    except Exception as error:  # whatever a foreign file may hold
        line = (str(error).splitlines() or [""])[0]
        raise SmartgenError(f"{file}: no model can be made of it ({type(error).__name__}: {line})") from error


def load_pair(path: str | Path) -> list[SavedModel]:
    """One model as ``load_model`` has it; of a folder with a detector and a predictor, both in this order.

    Raises:
        SmartgenError: as ``load_model``.
    """
    found = _files(Path(path)) if Path(path).is_dir() else []
    if len(found) != 2:
        return [load_model(path)]
    both = sorted(map(load_model, found), key=lambda one: not one.is_detector)
    return both if [one.is_detector for one in both] == [True, False] else [load_model(path)]


def _files(folder: Path) -> list[Path]:
    """The JSON files of a folder's models; of a cell's folder those that it kept."""
    inner = folder / FOLDER if (folder / FOLDER).is_dir() else folder
    return sorted(one for one in inner.glob("*.json") if one.with_suffix(WEIGHTS).is_file())


def _file(path: Path) -> Path:
    """The JSON file that is meant."""
    if not path.is_dir():
        return path
    found = _files(path)
    if len(found) == 1:
        return found[0]
    if not found:
        raise SmartgenError(f"{path}: no saved model here; a cell keeps its models with save=true")
    names = ", ".join(str(one.relative_to(path)) for one in found)
    raise SmartgenError(f"{path}: {len(found)} models are here, name one: {names}")


def _told(file: Path) -> dict[str, Any]:
    try:
        told = read_json(file)
    except FileNotFoundError as error:
        raise SmartgenError(f"{file}: no such file; a cell keeps its models with save=true") from error
    except (OSError, ValueError) as error:
        raise SmartgenError(
            f"{file}: expected the JSON file of a saved model, but {error}; {REMEDY}"
        ) from error
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise SmartgenError(f"{file}: expected the JSON file of a saved model of format {FORMAT}; {REMEDY}")
    for name in ("key", "axes", "model", "members", "threshold", "sha256"):
        if name not in told:
            raise SmartgenError(f"{file}: has no {name}, expected a whole saved model; {REMEDY}")
    return told


def _weights(file: Path, digest: str) -> dict[str, NDArray[Any]]:
    path = file.with_suffix(WEIGHTS)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SmartgenError(f"{path}: cannot be read ({error.strerror}), but {file.name} needs it") from error
    if hashlib.sha256(content).hexdigest() != digest:
        raise SmartgenError(f"{path}: not the weights that {file.name} was written with; {REMEDY}")
    try:
        return load_arrays(content)
    except (SafetensorError, KeyError, ValueError) as error:
        raise SmartgenError(f"{path}: expected safetensors, but {error}; {REMEDY}") from error


def _tried(one: SavedModel) -> SavedModel:
    """The model, once it has scored the first and the last of all ids: weights of other sizes fail here.

    Raises:
        ValueError: its scores are of another shape, or what goes along with it is of another type.
    """
    words = (*one.vocabulary.devices, *one.vocabulary.actions, one.key, one.zone or "")
    if not all(isinstance(word, str) for word in words) or not isinstance(one.axes, dict):
        raise ValueError("key, zone, devices and actions are texts, axes a table")
    border = 0.0 if one.threshold is None else one.threshold.value
    if not isinstance(border, int | float) or not math.isfinite(border):
        raise ValueError(f"its threshold is {border!r:.40}, expected a number")
    sizes = (len(DAYS), len(HOURS), len(one.vocabulary.devices), len(one.vocabulary.actions))
    # Tokens of every field run to the number of actions alone (release).
    most = sizes[-1] if one.blueprint.kind == "token_predictor" else max(sizes)
    both = [0, 0, 0, 0, *(min(size - 1, most) for size in sizes)]
    scores = one.score(Sequences.from_lists([both * (MAX_BEHAVIORS // 2)]))  # some networks know no pad
    if scores.shape != ((1,) if one.is_detector else (1, sizes[-1])):
        raise ValueError(f"its scores have the shape {scores.shape}")
    return one


def _restored(blueprint: Blueprint, members: int, state: Arrays) -> Any:
    """The model, or a committee of as many members."""
    if not members:
        return blueprint.make().restore(state)
    parts = []
    for number in range(members):
        prefix = MEMBER.format(number)
        own = {name.removeprefix(prefix): x for name, x in state.items() if name.startswith(prefix)}
        parts.append(blueprint.make().restore(own))
    committee = DetectorCommittee if blueprint.kind == "detector" else PredictorCommittee
    return committee.restored(parts, state)
