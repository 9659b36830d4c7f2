"""Print what each kind of TOF decides on the recorded sets, and how far that stands above the noise.

    python scripts/measure_tof.py fr/schedule fr/occupancy --ways released influence --seeds 2024 1 2

Filters that ran before, as by `smartgen experiment=table5`, come from the cache of the outputs; others run.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import torch
from cells import HELP, home_and_change, overrides
from numpy.typing import NDArray

from smartgen.cell import Prepared
from smartgen.config import compose_cell
from smartgen.core.errors import SmartgenError
from smartgen.core.store import Arrays

Fates = NDArray[np.bool_]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("cells", nargs="+", type=home_and_change, metavar="HOME/CHANGE", help=HELP)
    ways = ["stage1", "released", "influence", "repeated"]
    parser.add_argument("--ways", nargs="+", choices=ways, default=ways[1:])
    parser.add_argument("--seeds", nargs="+", type=int, default=[2024])
    parser.add_argument("--repeats", type=int, default=5, help="of the way repeated")
    options = parser.parse_args()
    try:
        for cell in options.cells:
            report(cell, options.ways, options.seeds, options.repeats)
    except SmartgenError as error:
        print(f"measure_tof: {error}", file=sys.stderr)
        return 2
    return 0


def report(cell: str, ways: Sequence[str], seeds: Sequence[int], repeats: int) -> None:
    fates: dict[str, Fates] = {}
    for way, seed in itertools.product(ways, seeds):
        prepared = prepare(cell, way, seed, repeats)
        found = prepared.pipeline.filtered
        assert found is not None
        fates[f"{way} {seed}"] = kept(found)
        print(f"{cell} {way} seed {seed}: {told(found)}", flush=True)
    fates["release"] = recorded(prepare(cell, "recorded", seeds[0], repeats))
    print_agreement(cell, fates)


def print_agreement(cell: str, fates: Mapping[str, Fates]) -> None:
    """How far each two agree: of what one of both drops, the percentage that the other drops too."""
    width = max(map(len, fates))
    print(f"{cell} dropped by both, percent of what either drops:")
    print(f"{'':{width}}  kept  " + " ".join(f"{number:3}" for number in range(1, len(fates))))
    for number, (name, fate) in enumerate(fates.items()):
        shares = [agreement(fate, other) for other in list(fates.values())[:number]]
        cells = " ".join("  -" if share is None else f"{100 * share:3.0f}" for share in shares)
        print(f"{name:{width}} {int(fate.sum()):5}  {cells}", flush=True)


def agreement(one: Fates, other: Fates) -> float | None:
    """Jaccard index of what is dropped; None where nothing is."""
    dropped = ~(one & other)
    return float((one == other)[dropped].mean()) if dropped.any() else None


def prepare(cell: str, way: str, seed: int, repeats: int) -> Prepared:
    more = [f"stage.tof.repeats={repeats}"] if way == "repeated" else []
    named = ["experiment=table5", f"stage/tof={way}", f"seed={seed}", *more]
    prepared = Prepared(compose_cell(*named, *overrides(cell)))
    torch.set_num_threads(prepared.cell.trainer.threads)
    return prepared


def kept(found: Arrays) -> Fates:
    fate = np.zeros(len(found["losses"]), dtype=bool)
    fate[found["index"]] = True
    return fate


def recorded(prepared: Prepared) -> Fates:
    """Which of the sequences before TOF stand in the set that the release kept, copies one by one."""
    left = Counter(prepared.pipeline.synthetic.contents())
    fate = []
    for content in prepared.pipeline.written.contents():
        fate.append(left[content] > 0)
        left[content] -= 1
    return np.array(fate)


def told(found: Arrays) -> str:
    count, outliers = len(found["losses"]), len(found["outliers"])
    said = f"{count} sequences, {count - outliers} within, {outliers} outliers"
    if "kept" not in found:
        return said
    change, baseline = found["change"], found["baseline"]
    said += f", {int(found['kept'].sum())} return, {int(found['undecided'].sum())} undecided"
    said += f"; baseline {spread(baseline)}; change {spread(change.mean(axis=1))}"
    if change.shape[1] > 1:
        noise = float(np.median(change.std(axis=1, ddof=1)))
        clear = float((np.abs(change.mean(axis=1)) > 2 * change.std(axis=1, ddof=1)).mean())
        said += f"; sd of a change over repeats, median {noise:.4f}; |change| above twice its sd: {clear:.2f}"
    return said


def spread(values: Iterable[float]) -> str:
    """Least, median and greatest."""
    array = np.asarray(list(values))
    return f"{array.min():.4f} / {np.median(array):.4f} / {array.max():.4f}"


if __name__ == "__main__":
    sys.exit(main())
