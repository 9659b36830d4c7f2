"""Behavior prediction: the release's trained networks in ours and its protocol, against its own results."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from smartgen.conformance.files import first_file, result_rows
from smartgen.conformance.lines import Context, Line, State
from smartgen.core.types import Sequences
from smartgen.data.recordings import ORIGINAL

TARGET: Final = {original: target for target, original in ORIGINAL.items()}
PIPELINE: Final = "behavior_prediciton_pipeline/SASRec"
BASELINE: Final = "behavior_prediciton_baseline"
ABLATION: Final = "ablation_study"
STUDIES: Final = "parameter_study"
NDCG_DIGITS: Final = 1e-5  # how near NDCG@10 must come; HR@10 must be equal
# Which setting a study's result file tells, and where the checkpoint's name has it.
SETTINGS: Final = {
    "diffllmEP": ("LLM type", re.compile(r"_th=[\d.]+_(.+)_seq_default")),
    "splitEP1": ("split gap 1", re.compile(r"_seq_(\d+)_\d+_default")),
    "splitEP2": ("split gap 2", re.compile(r"_seq_\d+_(\d+)_default")),
    "thresholdEP": ("threshold", re.compile(r"_th=([\d.]+)_")),
}
# A result that its checkpoint does not give: the release's own code differs from it, too.
NOT_REPRODUCED: Final = {"ablation1 without_all": "D44"}
Row = Mapping[str, str]


@dataclass(frozen=True)
class Result:
    """A row of a result file with the checkpoint that it is of."""

    name: str
    checkpoint: Path | None
    row: Row


def check_predictors(context: Context) -> Iterator[Line]:
    """Every recorded result of the context whose checkpoint is there."""
    name = context.folder.name
    if name in TARGET:
        target = context.folder.parent / TARGET[name]
        yield from _token_lines(context, target, stale_results(context))
        yield from _window_lines(context)
    elif name in ORIGINAL:
        yield from _token_lines(context, context.folder, retrained_results(context))


def _token_lines(context: Context, target: Path, results: list[Result]) -> Iterator[Line]:
    """SASRec, on the target context's split test sequences."""
    found = [one for one in results if one.checkpoint is not None]
    if not found or not (target / "test.pkl").is_file():
        return
    from smartgen.data.release import read_sequences
    from smartgen.protocols.candidates import sampled_candidates
    from smartgen.protocols.released_prediction import token_metrics
    from smartgen.stages.tss import split_sequences

    test = split_sequences(read_sequences(target / "test.pkl"), context.vocabulary)
    candidates = sampled_candidates(test)
    for one in found:
        scores = trained_scores(context, one, candidates.histories, candidates.sizes)
        yield _line(context, f"SASRec {one.name}", token_metrics(scores, candidates, "optimistic"), one.row)


def trained_scores(context: Context, one: Result, histories: Any, sizes: Any) -> Any:
    """(n, ids) scores that the result's recorded network gives every id after each row of tokens."""
    from smartgen.conformance.checkpoints import SASREC, load_released
    from smartgen.nets.sasrec import TokenSASRec
    from smartgen.training.tokens import token_scores

    assert one.checkpoint is not None, "a result whose network is recorded"
    network = TokenSASRec(len(context.vocabulary.actions))
    load_released(network, one.checkpoint, SASREC)
    return token_scores(network, histories, sizes)


def _window_lines(context: Context) -> Iterator[Line]:
    """The other neural baselines, on windows of the target context."""
    test = window_test(context)
    for name, network, row in window_networks(context) if test is not None else ():
        yield _line(context, name, window_metrics(network, test, len(context.vocabulary.actions)), row)


def window_test(context: Context) -> Sequences | None:
    """Windows of the target context, by its original; None where the release has none."""
    from smartgen.data.homes import WINDOW_FOLDER
    from smartgen.data.release import read_sequences

    path = context.root / WINDOW_FOLDER / context.dataset / context.folder.name / "test.pkl"
    return read_sequences(path) if path.is_file() else None


def window_networks(context: Context, wanted: Iterable[str] = ()) -> Iterator[tuple[str, Any, Row]]:
    """The release's name of a baseline, its recorded network, and its row of results.

    Args:
        wanted: only these; all otherwise.
    """
    from smartgen.conformance import checkpoints as maps
    from smartgen.nets.carnn import CARNN
    from smartgen.nets.caser import Caser
    from smartgen.nets.fpmc import FPMC
    from smartgen.nets.lstm import LSTM
    from smartgen.nets.siar import SIAR

    actions, devices = len(context.vocabulary.actions), len(context.vocabulary.devices)
    systems: dict[str, tuple[Any, Mapping[str, str]]] = {
        "LSTM": (lambda: LSTM(actions), maps.LSTM),
        "CARnn": (lambda: CARNN(actions), maps.CARNN),
        "Caser": (lambda: Caser(actions), maps.CASER),
        "SITAR": (lambda: SIAR(actions), maps.SIAR),
        "FMC": (lambda: FPMC(actions, devices), maps.FPMC),
    }
    for name, (make, names) in systems.items():
        path, rows = window_checkpoint(context, name), window_rows(context, name)
        if path is not None and rows and name in (wanted or systems):
            network = make()
            maps.load_released(network, path, names)
            yield name, network, rows[0]


def window_checkpoint(context: Context, name: str) -> Path | None:
    """The recorded network of a baseline; None where the release has none."""
    folder = context.root / BASELINE / name / "fixeddata"
    return first_file(folder / f"save_weights_{context.dataset}_{context.folder.name}")


def window_rows(context: Context, name: str) -> list[Row]:
    """The recorded results of a baseline."""
    folder = context.root / BASELINE / name / "fixeddata/results"
    return [*result_rows(folder, dataset=context.dataset, environment=context.folder.name)]


def window_metrics(network: Any, test: Any, actions: int) -> dict[str, float]:
    """Of the last action of each window, ranked among all after the others."""
    from smartgen.core.types import ACTION
    from smartgen.metrics.ranking import ranks, summary
    from smartgen.training.windows import window_scores

    windows = test.values[:, ACTION].reshape(len(test), -1).astype("int64")
    scores = window_scores(network, windows[:, :-1], actions)
    return summary(ranks(scores, windows[:, -1]), "optimistic")


def recorded(row: Row) -> tuple[float, float]:
    """HR@10 and NDCG@10 of a result file's row."""
    return float(row["HR@10"]), float(row.get("NDCG@10") or row["NDCG"])


def agree(metrics: Mapping[str, float], row: Row, prefix: str = "") -> bool:
    """Whether metrics of ours are the row's."""
    hits, gain = recorded(row)
    return metrics[f"{prefix}hr@10"] == hits and abs(metrics[f"{prefix}ndcg@10"] - gain) < NDCG_DIGITS


def _line(context: Context, name: str, metrics: Mapping[str, float], row: Row) -> Line:
    theirs, ours = recorded(row), (metrics["hr@10"], metrics["ndcg@10"])
    told = f"HR@10 {ours[0]:.4f}, NDCG@10 {ours[1]:.4f}"
    subject, check = f"{context} {name}", f"{name.split()[0]} checkpoints"
    if agree(metrics, row):
        return Line(check, subject, State.EQUAL, told, minor=True)
    told += f"; the release's file has {theirs[0]:.4f} and {theirs[1]:.4f}"
    known = next((number for text, number in NOT_REPRODUCED.items() if text in name), "")
    return Line(
        check, subject, State.NOTE if known else State.DIFFERS, told + (f" ({known})" if known else "")
    )


def stale_results(context: Context) -> list[Result]:
    """SASRec as trained on the old context."""
    folder = context.root / BASELINE / "SASRec"
    weights = first_file(folder / f"{context.dataset}_{context.folder.name}_trn_default")
    rows = result_rows(folder / "results", dataset=context.dataset, environment=context.folder.name)
    return [Result("as trained on the old context", weights, row) for row in rows]


def retrained_results(context: Context) -> list[Result]:
    """SASRec as SmartGen retrained it: Table 3, Table 4, Figures 7 and 8."""
    root, cell = context.root, f"{context.dataset}_{context.folder.name}"
    named = {"dataset": context.dataset, "environment": context.folder.name}
    trained = next(iter(sorted((root / PIPELINE).glob(f"{cell}_generation_*_default/*.pth"))), None)
    found = [Result("retrained", trained, row) for row in result_rows(root / PIPELINE / "results", **named)]
    if (root / ABLATION / f"{cell}_test_default").is_dir():
        for row in result_rows(root / ABLATION / "results", "ablation1_*.csv"):
            weights = first_file(root / ABLATION, f"ablation1_{row['module']}_generation_*_default/*.pth")
            found.append(Result(f"ablation1 {row['module']}", weights, row))
    for study, (column, pattern) in SETTINGS.items():
        rows = result_rows(root / STUDIES / "results", f"{study}_*.csv", dataset=context.dataset)
        for path in sorted((root / STUDIES).glob(f"{study}_{cell}_generation_*_default/*.pth")):
            setting = pattern.search(path.parent.name)
            for row in rows:
                if setting and same(setting[1], row[column]):
                    found.append(Result(f"{study} {row[column]}", path, row))
    return found


def same(one: str, other: str) -> bool:
    """Numbers by value, words by letters."""
    try:
        return float(one) == float(other)
    except ValueError:
        return one == other
