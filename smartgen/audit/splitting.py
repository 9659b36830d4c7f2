"""Checks of how logs are split (TSS)."""

from __future__ import annotations

from collections.abc import Iterator

from smartgen.audit.finding import Finding
from smartgen.audit.ground import Ground
from smartgen.core.types import Sequences
from smartgen.data.release import contexts, parts
from smartgen.stages.tss import split_sequences


def d01(ground: Ground) -> Finding:
    """Every recorded split beside ours without a check, and with a check that works."""
    equal, files, lines = 0, 0, []
    for name, raw, recorded, dataset in _splits(ground):
        vocabulary = ground.vocabulary(dataset)
        without = split_sequences(raw, vocabulary)
        checked = split_sequences(raw, vocabulary, algorithm="paper")
        files, equal = files + 1, equal + (without == recorded)
        lines.append(
            f"{name}: {len(recorded):,} pieces; without a check {len(without):,}, with one {len(checked):,}"
        )
    said = f"{equal} of {files} recorded splits are equal, behavior for behavior, to a split without a check"
    return Finding(equal == files, (said, *lines))


def _splits(ground: Ground) -> Iterator[tuple[str, Sequences, Sequences, str]]:
    """Name, raw sequences, recorded pieces and dataset of every split file that has its input beside it."""
    for dataset in ground.datasets:
        for context in contexts(ground.root, dataset):
            for part in parts(ground.root, dataset, context):
                split = ground.root / "SmartGen" / "IoT_data" / dataset / context / f"split_{part}.pkl"
                if part.startswith("split_") or not split.is_file():
                    continue
                raw = ground.sequences(split.with_name(f"{part}.pkl"))
                yield f"{dataset} {context} {part}", raw, ground.sequences(split), dataset
