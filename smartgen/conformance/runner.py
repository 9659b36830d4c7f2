"""Run every check over every context that the release's folder holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from rich.console import Console

from smartgen.conformance.answers import check_answers, check_recovery
from smartgen.conformance.compression import check_similarity
from smartgen.conformance.detection import check_attacks, check_detectors
from smartgen.conformance.filtering import check_tof
from smartgen.conformance.lines import Check, Context, Line, State
from smartgen.conformance.prediction import check_predictors
from smartgen.conformance.sets import check_sets
from smartgen.conformance.stages import check_gss, check_tss
from smartgen.core.errors import SmartgenError
from smartgen.data.release import DATA_FOLDER, read_vocabulary
from smartgen.data.release import datasets as found_datasets

CHECKS: Final = (
    Check("TSS, time and semantic-aware split", check_tss, decides=True),
    Check("SSC, semantic-aware compression, by raw-id similarity", check_similarity, decides=True),
    Check("GSS, graph-guided hints", check_gss, decides=True),
    Check("TOF, outlier filter: what its trainings do not decide", check_tof, decides=True),
    Check("Behavior prediction: recorded networks give recorded results", check_predictors, decides=True),
    Check("Detection: attacks are the recorded ones", check_attacks, decides=True),
    Check("Detection: what chance does not decide gives recorded results", check_detectors, decides=True),
    Check("Parsing of recorded answers", check_answers, decides=True),
    Check("Mapping to ids, whole sets", check_sets, decides=False),
    Check("Recovery from answers that the release drops", check_recovery, decides=False),
)


def run(root: Path, datasets: Iterable[str] | None = None, verbose: bool = False) -> int:
    """Compare and print, one line a comparison.

    Args:
        root: the release.
        datasets: only these; every dataset found otherwise.
        verbose: also the lines of single answers and of the release's side studies.

    Returns:
        0, or 1 if a deciding check found a difference.

    Raises:
        SmartgenError: an unknown dataset, or a folder with nothing to compare.
    """
    console = Console(highlight=False, soft_wrap=True, markup=False)
    contexts = list(_contexts(root, datasets))
    failed: list[str] = []
    unchecked: list[str] = []
    noted: list[Line] = []
    for check in CHECKS:
        lines = [line for context in contexts for line in check.compare(context)]
        _print(console, check, lines, verbose)
        noted += [] if check.decides else lines
        if check.decides and all(line.state is State.NOTE for line in lines):
            unchecked.append(check.name)
        if check.decides and any(line.state is State.DIFFERS for line in lines):
            failed.append(check.name)
    if len(unchecked) == sum(check.decides for check in CHECKS):
        raise SmartgenError(f"{root}: nothing to compare with; does the folder hold the whole release?")
    verdict = f"differs from the release: {'; '.join(failed)}" if failed else "conforms to the release"
    apart = sum(line.state is State.DIFFERS for line in noted)
    verdict += f", apart from {apart} sets listed above that decide nothing" if apart and not failed else ""
    lacking = f" (nothing to compare with for: {'; '.join(unchecked)})" if unchecked else ""
    console.print(verdict + lacking, style="bold")
    return 1 if failed else 0


def _print(console: Console, check: Check, lines: list[Line], verbose: bool) -> None:
    console.print(check.name if check.decides else f"{check.name} (decides nothing)", style="bold")
    for line in lines:
        if verbose or not line.minor or (check.decides and line.state is State.DIFFERS):
            console.print(f"  {line.state:<12} {line.subject}: {line.detail}")
    for text in summary(lines):
        console.print(f"  = {text}")


def summary(lines: list[Line]) -> Iterator[str]:
    """Counts by check, in the order of first appearance."""
    for check in dict.fromkeys(line.check for line in lines if line.check):
        states = Counter(line.state for line in lines if line.check == check)
        total = states.total() - states[State.NOTE]
        others = [
            f"{count} {state}" for state, count in states.items() if state not in (State.EQUAL, State.NOTE)
        ]
        counts = [f"{states[State.EQUAL]} of {total} equal"] * bool(total) + others
        noted = [f"{states[State.NOTE]} noted"] * bool(states[State.NOTE])
        yield f"{check}: {', '.join(counts + noted)}"


def _contexts(root: Path, datasets: Iterable[str] | None) -> Iterator[Context]:
    for dataset in found_datasets(root) if datasets is None else datasets:
        vocabulary = read_vocabulary(root, dataset)
        folder = root / DATA_FOLDER / dataset
        if not folder.is_dir():
            raise SmartgenError(f"{folder}: no such folder; datasets here: {', '.join(found_datasets(root))}")
        for context in sorted(path for path in folder.iterdir() if path.is_dir()):
            yield Context(root, dataset, context, vocabulary)
