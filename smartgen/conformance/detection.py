"""Anomaly detection: attacks, the release's trained networks, and what needs none, against its results."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from smartgen.conformance.files import first_file, result_rows
from smartgen.conformance.lines import Context, Line, State, compared
from smartgen.core.types import ACTION, DEVICE, HOUR, Sequences

if TYPE_CHECKING:
    from smartgen.protocols.released import Parts
    from smartgen.settings import ReleasedProtocolSettings

BASELINE: Final = "anomaly_detection_baseline"
PIPELINE: Final = "anomaly_detection_pipeline"
HALF_DIGIT: Final = 5.1e-5  # the result files have four decimals


@dataclass(frozen=True)
class _Change:
    """How the release treats the change that an old context undergoes."""

    target: str
    field: int
    attack: str
    window_attack: str
    file: str  # of the attacks


CHANGES: Final = {
    "winter": _Change("spring", ACTION, "heater", "heater", "spring_attack_heater"),
    "daytime": _Change("night", HOUR, "daytime_hours", "daytime_hours", "night_attack_time"),
    "single": _Change("multiple", DEVICE, "television", "television_start", "multiple_attack_tv"),
}


def check_attacks(context: Context) -> Iterator[Line]:
    """Every attack file beside the test sequences that it was made from."""
    change = CHANGES.get(context.folder.name)
    if change is None:
        return
    from smartgen.data.attacks.released import released_attack
    from smartgen.data.release import read_sequences
    from smartgen.stages.tss import split_sequences

    name = f"labeled_{context.dataset}_{change.file}.pkl"
    raw = context.folder.parent / change.target / "test.pkl"
    file = context.root / PIPELINE / "attack" / context.dataset / name
    if raw.is_file() and file.is_file():
        normal = split_sequences(read_sequences(raw), context.vocabulary)
        ours = released_attack(change.attack, normal, context.vocabulary)
        yield compared("attacks on pieces", f"{context} {name}", ours, unlabeled(file))
    windows = _windows(context)
    file = context.root / BASELINE / "baseline_data" / context.dataset / "attack" / name
    if windows is not None and file.is_file():
        ours = released_attack(change.window_attack, windows["test"], context.vocabulary)
        yield compared("attacks on windows", f"{context} windows {name}", ours, unlabeled(file))


def check_detectors(context: Context) -> Iterator[Line]:
    """Rows of Table 2 that are trained by no chance: detectors of rows, and recorded networks."""
    change, parts, results = CHANGES.get(context.folder.name), window_parts(context), window_results(context)
    if change is None or parts is None or not results:
        return
    from smartgen.protocols.released import detect

    for model, make in _makers(context, change).items():
        row = next((row for row in results if row["model"] == model), None)
        made = make() if row is not None else None
        if row is not None and made is not None:
            detector, rule, subject = made
            yield _line(context, subject, detect(detector, parts, rule).metrics, row)


def window_results(context: Context) -> list[dict[str, str]]:
    """The recorded results of Table 2's stale detectors."""
    folder = context.root / BASELINE / "results"
    return result_rows(folder, dataset=context.dataset, env=context.folder.name)


def window_parts(context: Context) -> Parts | None:
    """What the stale detectors train and are tested on; None where the release has no windows."""
    change, windows = CHANGES.get(context.folder.name), _windows(context)
    if change is None or windows is None:
        return None
    from smartgen.data.attacks.released import released_attack
    from smartgen.protocols.released import Parts

    attack = released_attack(change.window_attack, windows["test"], context.vocabulary)
    return Parts(windows["trn"], windows["vld"], windows["test"], attack)


def agree(metrics: Mapping[str, float], row: Mapping[str, str]) -> bool:
    """Whether precision, recall and F1 of ours are the row's, to its four decimals."""
    pairs = (("precision", "precision"), ("recall", "recall"), ("f1", "f1_score"))
    return all(abs(metrics[ours] - float(row[theirs])) <= HALF_DIGIT for ours, theirs in pairs)


Made = tuple[Any, Any, str]


def _makers(context: Context, change: _Change) -> Mapping[str, Callable[[], Made | None]]:
    """The release's name of a model -> what gives detector, rule and what is said of them."""
    return {
        "LocalOutlierFactor": lambda: row_detector(context, "lof"),
        "IsolationForest": lambda: row_detector(context, "isolation_forest"),
        "OCSVM": lambda: row_detector(context, "ocsvm"),
        "MC": lambda: row_detector(context, "aegis"),
        "Autoencoder": lambda: _recorded(context, change, "Autoencoder"),
        "GRUAutoencoder": lambda: _recorded(context, change, "GRUAutoencoder"),
    }


def row_detector(context: Context, name: str, protocol: ReleasedProtocolSettings | None = None) -> Made:
    """A detector that no chance trains, the rule that it is judged by, and its name.

    Args:
        protocol: whose quirks are switched on or off; the release's own without.
    """
    from smartgen.core.registry import load
    from smartgen.detectors import REGISTRY
    from smartgen.protocols.released import released_rule
    from smartgen.settings import (
        AegisSettings,
        DetectorSettings,
        IsolationForestSettings,
        LofSettings,
        OcsvmSettings,
        ReleasedProtocolSettings,
    )

    made: DetectorSettings = {
        "lof": LofSettings("lof"),
        "isolation_forest": IsolationForestSettings("isolation_forest"),
        "ocsvm": OcsvmSettings("ocsvm"),
        "aegis": AegisSettings("aegis"),
    }[name]
    detector = load(REGISTRY, name, "detector")(context.vocabulary, made, None, None, None, 0)
    return detector, released_rule(made, protocol or ReleasedProtocolSettings("released"), 90), name


def _recorded(context: Context, change: _Change, model: str) -> Made | None:
    """One of the release's trained networks as a detector that is trained already; None if it is missing."""
    path = recorded_network(context, model)
    if path is None:
        return None
    from smartgen.conformance.checkpoints import AUTOENCODER, GRU_AUTOENCODER, load_released
    from smartgen.nets.token_autoencoders import GRUBody, LinearBody, TokenAutoencoder
    from smartgen.protocols.released import Rule

    pad = context.vocabulary.pad
    gru = model == "GRUAutoencoder"
    network = TokenAutoencoder(pad, pad, (lambda: GRUBody(128)) if gru else (lambda: LinearBody(128)))
    load_released(network, path, GRU_AUTOENCODER if gru else AUTOENCODER)
    subject = f"{'argus' if gru else 'autoencoder'} checkpoint"
    return _Trained(network, change.field, pad), Rule(percentile=90), subject


def recorded_network(context: Context, model: str) -> Path | None:
    """The weights of one of the release's trained detectors; None where it has none."""
    name = f"best_{model}_{context.dataset}_{context.folder.name}.pth"
    return first_file(context.root / BASELINE / "saved_model", name)


class _Trained:
    """A detector whose network is trained already."""

    def __init__(self, network: Any, field: int, pad: int) -> None:
        self.network, self.field, self.pad = network, field, pad

    def fit(self, train: list[Sequences], held_out: list[Sequences]) -> None:
        """Nothing is left to learn."""

    def score(self, sequences: Sequences) -> Any:
        """(n,) reconstruction losses."""
        from smartgen.data.padding import field_tokens
        from smartgen.training.reconstruction import sequence_losses

        return sequence_losses(self.network, field_tokens(sequences, self.field, self.pad))


def _line(context: Context, subject: str, metrics: Mapping[str, float], row: Mapping[str, str]) -> Line:
    theirs = [float(row[name]) for name in ("precision", "recall", "f1_score")]
    ours = [metrics[name] for name in ("precision", "recall", "f1")]
    told = "precision, recall, F1 " + ", ".join(f"{value:.4f}" for value in ours)
    equal = agree(metrics, row)
    if not equal:
        told += "; the release's file has " + ", ".join(f"{value:.4f}" for value in theirs)
    return Line(subject, f"{context} {subject}", State.EQUAL if equal else State.DIFFERS, told, minor=equal)


def _windows(context: Context) -> dict[str, Sequences] | None:
    """Windows of the old context and of the new one; None where the release has none."""
    from smartgen.data.release import read_sequences

    folder = context.root / BASELINE / "baseline_data" / context.dataset / context.folder.name
    paths = {part: folder / f"{part}.pkl" for part in ("trn", "vld", "test")}
    if not all(path.is_file() for path in paths.values()):
        return None
    return {part: read_sequences(path) for part, path in paths.items()}


def unlabeled(path: Path) -> Sequences:
    """The sequences of a file of (sequence, label)."""
    from smartgen.data.unpickle import load_pickle

    labeled = load_pickle(path)
    if not isinstance(labeled, list):
        raise TypeError(f"{path}: holds a {type(labeled).__name__}, expected a list")
    return Sequences.from_lists([sequence for sequence, _ in labeled])
