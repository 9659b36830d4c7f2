"""Print the two tables of "Measured" in docs/demo-home.md."""

import argparse
import itertools
from collections.abc import Iterable
from statistics import fmean

import numpy as np

from smartgen.core.types import ACTION, DEVICE, Sequences
from smartgen.data.demo import demo_vocabulary, simulate
from smartgen.stages.tss import split_sequences

SEEDS = range(20)
DAYS = 28
CHANGES = (("winter", "spring"), ("daytime", "night"), ("single", "multiple"))


def halves(raw: Sequences) -> tuple[Sequences, Sequences]:
    middle = len(raw) // 2
    vocabulary = demo_vocabulary()
    return split_sequences(raw[:middle], vocabulary), split_sequences(raw[middle:], vocabulary)


def verbatim_share(raw: Sequences) -> float:
    first, second = halves(raw)
    known = set(first.contents())
    return fmean(content in known for content in second.contents())


def distinct_share(raw: Sequences) -> float:
    contents = Sequences.concatenate(halves(raw)).contents()
    return len(set(contents)) / len(contents)


def pairs(raw: Sequences) -> list[tuple[int, int]]:
    return [(int(d), int(a)) for d, a in raw.values[:, DEVICE : ACTION + 1]]


def foreign(mine: Sequences, other: Sequences) -> tuple[int, float]:
    """Pairs that only `mine` has, and their share of its behaviors."""
    only = set(pairs(mine)) - set(pairs(other))
    return len(only), fmean(pair in only for pair in pairs(mine))


def steps(raw: Sequences) -> list[tuple[int, int]]:
    """Neighboring actions inside a sequence."""
    return [(a.action, b.action) for s in raw for a, b in itertools.pairwise(s)]


def new_order(source: Sequences, target: Sequences) -> float:
    both = set(source.values[:, ACTION].tolist()) & set(target.values[:, ACTION].tolist())
    known = set(steps(source))
    return fmean(step not in known for step in steps(target) if set(step) <= both)


def new_in_second_half(target: Sequences) -> float:
    known = set(steps(target[: len(target) // 2]))
    return fmean(step not in known for step in steps(target[len(target) // 2 :]))


def span(values: Iterable[float]) -> str:
    found = list(values)
    return f"{min(found):g}-{max(found):g}" if min(found) < max(found) else f"{found[0]:g}"


def row(cells: Iterable[str]) -> None:
    print(f"| {' | '.join(cells)} |")


def context_row(context: str, raws: list[Sequences]) -> None:
    lengths = [np.concatenate([half.lengths for half in halves(raw)]) for raw in raws]
    shares = [verbatim_share(raw) for raw in raws]
    row(
        [
            context,
            f"{fmean(len(raw.values) / DAYS for raw in raws):.1f}",
            f"{fmean(map(len, raws)):.0f}",
            f"{fmean(map(len, lengths)):.0f}",
            f"{fmean((length == 1).mean() for length in lengths):.2f}",
            f"{fmean(map(distinct_share, raws)):.2f}",
            f"{fmean(shares):.2f} [{min(shares):.2f}, {max(shares):.2f}]",
        ]
    )


def change_row(change: tuple[str, str], homes: list[tuple[Sequences, Sequences]]) -> None:
    cells = [" to ".join(change)]
    for ordered in (homes, [(target, source) for source, target in homes]):
        found = [foreign(mine, other) for mine, other in ordered]
        cells.append(f"{span(n for n, _ in found)} ({fmean(s for _, s in found):.0%})")
    order = fmean(new_order(source, target) for source, target in homes)
    own = fmean(new_in_second_half(target) for _, target in homes)
    row([*cells, f"{order:.2f} ({own:.2f})"])


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    homes = {context: [simulate(context, s, DAYS) for s in SEEDS] for change in CHANGES for context in change}
    row(["context", "behaviors a day", "raw sequences", "pieces", "one behavior", "distinct", "verbatim"])
    row(["---"] * 7)
    for context, raws in homes.items():
        context_row(context, raws)
    print()
    row(["transition", "pairs in the source alone", "in the target alone", "new order"])
    row(["---"] * 4)
    for change in CHANGES:
        change_row(change, list(zip(homes[change[0]], homes[change[1]], strict=True)))


if __name__ == "__main__":
    main()
