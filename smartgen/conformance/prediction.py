"""Behavior prediction: the release's trained networks in ours and its protocol, against its own results."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from smartgen.conformance.files import first_file, result_rows
from smartgen.conformance.lines import Context, Line, State
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


@dataclass(frozen=True)
class _Result:
    """A row of a result file with the checkpoint that it is of."""

    name: str
    checkpoint: Path | None
    row: Mapping[str, str]


def check_predictors(context: Context) -> Iterator[Line]:
    """Every recorded result of the context whose checkpoint is there."""
    name = context.folder.name
    if name in TARGET:
        target = context.folder.parent / TARGET[name]
        yield from _token_lines(context, target, _baseline_results(context))
        yield from _window_lines(context)
    elif name in ORIGINAL:
        yield from _token_lines(context, context.folder, _results(context))


def _token_lines(context: Context, target: Path, results: list[_Result]) -> Iterator[Line]:
    """SASRec, on the target context's split test sequences."""
    found = [one for one in results if one.checkpoint is not None]
    if not found or not (target / "test.pkl").is_file():
        return
    from smartgen.conformance.checkpoints import SASREC, load_released
    from smartgen.data.release import read_sequences
    from smartgen.nets.sasrec import TokenSASRec
    from smartgen.protocols.candidates import sampled_candidates
    from smartgen.protocols.released_prediction import token_metrics
    from smartgen.stages.tss import split_sequences
    from smartgen.training.tokens import token_scores

    test = split_sequences(read_sequences(target / "test.pkl"), context.vocabulary)
    candidates = sampled_candidates(test)
    for one in found:
        assert one.checkpoint is not None
        network = TokenSASRec(len(context.vocabulary.actions))
        load_released(network, one.checkpoint, SASREC)
        scores = token_scores(network, candidates.histories, candidates.sizes)
        yield _line(context, f"SASRec {one.name}", token_metrics(scores, candidates, "optimistic"), one.row)


def _window_lines(context: Context) -> Iterator[Line]:
    """The other neural baselines, on windows of the target context."""
    from smartgen.conformance import checkpoints as maps
    from smartgen.data.homes import WINDOW_FOLDER
    from smartgen.data.release import read_sequences
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
    test = context.root / WINDOW_FOLDER / context.dataset / context.folder.name / "test.pkl"
    for name, (make, names) in systems.items():
        base = context.root / BASELINE / name / "fixeddata"
        folder = base / f"save_weights_{context.dataset}_{context.folder.name}"
        rows = result_rows(base / "results", dataset=context.dataset, environment=context.folder.name)
        for path in sorted(folder.glob("*.pth")) if rows and test.is_file() else ():
            network = make()
            maps.load_released(network, path, names)
            yield _line(context, name, _window_metrics(network, read_sequences(test), actions), rows[0])


def _window_metrics(network: Any, test: Any, actions: int) -> dict[str, float]:
    from smartgen.core.types import ACTION
    from smartgen.metrics.ranking import ranks, summary
    from smartgen.training.windows import window_scores

    windows = test.values[:, ACTION].reshape(len(test), -1).astype("int64")
    scores = window_scores(network, windows[:, :-1], actions)
    return summary(ranks(scores, windows[:, -1]), "optimistic")


def _line(context: Context, name: str, metrics: Mapping[str, float], row: Mapping[str, str]) -> Line:
    theirs = float(row["HR@10"]), float(row.get("NDCG@10") or row["NDCG"])
    ours = metrics["hr@10"], metrics["ndcg@10"]
    told = f"HR@10 {ours[0]:.4f}, NDCG@10 {ours[1]:.4f}"
    subject, check = f"{context} {name}", f"{name.split()[0]} checkpoints"
    if ours[0] == theirs[0] and abs(ours[1] - theirs[1]) < NDCG_DIGITS:
        return Line(check, subject, State.EQUAL, told, minor=True)
    told += f"; the release's file has {theirs[0]:.4f} and {theirs[1]:.4f}"
    known = next((number for text, number in NOT_REPRODUCED.items() if text in name), "")
    return Line(
        check, subject, State.NOTE if known else State.DIFFERS, told + (f" ({known})" if known else "")
    )


def _baseline_results(context: Context) -> list[_Result]:
    """SASRec as trained on the old context."""
    folder = context.root / BASELINE / "SASRec"
    weights = first_file(folder / f"{context.dataset}_{context.folder.name}_trn_default")
    rows = result_rows(folder / "results", dataset=context.dataset, environment=context.folder.name)
    return [_Result("as trained on the old context", weights, row) for row in rows]


def _results(context: Context) -> list[_Result]:
    """SASRec as SmartGen retrained it: Table 3, Table 4, Figures 7 and 8."""
    root, cell = context.root, f"{context.dataset}_{context.folder.name}"
    named = {"dataset": context.dataset, "environment": context.folder.name}
    trained = next(iter(sorted((root / PIPELINE).glob(f"{cell}_generation_*_default/*.pth"))), None)
    found = [_Result("retrained", trained, row) for row in result_rows(root / PIPELINE / "results", **named)]
    if (root / ABLATION / f"{cell}_test_default").is_dir():
        for row in result_rows(root / ABLATION / "results", "ablation1_*.csv"):
            weights = first_file(root / ABLATION, f"ablation1_{row['module']}_generation_*_default/*.pth")
            found.append(_Result(f"ablation1 {row['module']}", weights, row))
    for study, (column, pattern) in SETTINGS.items():
        rows = result_rows(root / STUDIES / "results", f"{study}_*.csv", dataset=context.dataset)
        for path in sorted((root / STUDIES).glob(f"{study}_{cell}_generation_*_default/*.pth")):
            setting = pattern.search(path.parent.name)
            for row in rows:
                if setting and _same(setting[1], row[column]):
                    found.append(_Result(f"{study} {row[column]}", path, row))
    return found


def _same(one: str, other: str) -> bool:
    """Numbers by value, words by letters."""
    try:
        return float(one) == float(other)
    except ValueError:
        return one == other
