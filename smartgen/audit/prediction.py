"""Checks of how the next behavior's prediction was measured (Table 3)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from smartgen.audit.changes import SYSTEMS, Cell, cells, had, needed, on_one_thread, tested_pieces
from smartgen.audit.finding import Finding, UncheckableError
from smartgen.audit.ground import Ground
from smartgen.conformance.prediction import (
    BASELINE,
    PIPELINE,
    Result,
    agree,
    retrained_results,
    stale_results,
    trained_scores,
    window_metrics,
    window_networks,
    window_test,
)
from smartgen.core.types import FIELDS
from smartgen.tables.declare import Place, Table

TARGET = len(FIELDS) - 1  # tokens of the wanted behavior that are shown: day, hour, device
HALF_DIGIT = 5.1e-5  # of numbers printed with four decimals
SHARE_DIGITS = 1e-12  # how near a recorded share must come to a whole number of users


@dataclass(frozen=True)
class _Ranked:
    """A recorded network of SASRec with what it is tested on.

    Args:
        method: as the paper has it, SmartGen or SASRec.
        metrics: ours, with the network's own weights; ``full_`` among all ids.
    """

    cell: Cell
    method: str
    result: Result
    candidates: Any
    scores: Any
    metrics: dict[str, float]


@on_one_thread
def d32(ground: Ground) -> Finding:
    """Recorded networks ranked among sampled ids and among all, beside the recorded results."""
    found = list(_ranked(ground))
    others = [
        agree(window_metrics(network, test, len(cell.old.vocabulary.actions)), row)
        for cell in cells(ground)
        if (test := window_test(cell.old)) is not None
        for _, network, row in window_networks(cell.old)
    ]
    sampled = [agree(one.metrics, one.result.row) for one in found]
    full = [agree(one.metrics, one.result.row, "full_") for one in found]
    lines = [
        f"{_named(one)}: NDCG@10/HR@10 {_pair(one.metrics)} among {one.candidates.ids.shape[1]}, "
        f"{_pair(one.metrics, 'full_')} among all {one.scores.shape[1] - 1} ids"
        for one in found
    ]
    head = (
        had({one.cell.place for one in found}, cells(ground), "a network of SmartGen or SASRec"),
        f"SmartGen and SASRec: {sum(sampled)} of {len(found)} recorded results are of ranks among the wanted "
        f"id and 100 sampled ones, {sum(full)} of ranks among all ids",
        f"{', '.join(SYSTEMS)}: {sum(others)} of {len(others)} recorded results are of ranks among all",
    )
    return Finding(all(sampled) and not any(full) and all(others), (*head, *lines))


@on_one_thread
def d33(ground: Ground) -> Finding:
    """Recorded networks with the wanted behavior's day, hour and device shown, and without."""
    from smartgen.predictors.device import DevicePredictor
    from smartgen.protocols.released_prediction import token_metrics

    found = list(_ranked(ground))
    first = had({one.cell.place for one in found}, cells(ground), "a network of SmartGen or SASRec")
    shown = [agree(one.metrics, one.result.row) for one in found]
    lines, lower, ahead, counted = [], [], 0, 0
    for one in found:
        hidden = token_metrics(_without_target(one), one.candidates, "optimistic")["hr@10"]
        lower.append(hidden < one.metrics["hr@10"])
        line = f"{_named(one)}: HR@10 {one.metrics['hr@10']:.4f}, with the three hidden {hidden:.4f}"
        if one.method == "SmartGen":
            device = DevicePredictor(one.cell.new.vocabulary)
            scores = device.token_scores(one.candidates.histories, one.candidates.sizes)
            looked_up = token_metrics(scores, one.candidates, "expected")["full_hr@10"]
            counted, ahead = counted + 1, ahead + (looked_up > one.metrics["full_hr@10"])
            alone = float((one.candidates.sizes == TARGET).mean())
            line += f", nothing else is shown in {alone:.0%}; among all ids {one.metrics['full_hr@10']:.4f}, "
            line += f"by the device alone {looked_up:.4f}"
        lines.append(line)
    head = (
        first,
        f"{sum(shown)} of {len(found)} recorded results come out when day, hour and device of the wanted "
        f"behavior are shown; hidden, {sum(lower)} are lower",
        f"among all ids, taking any action of the shown device has a higher HR@10 than SmartGen in {ahead} "
        f"of {counted} cells",
        _token_files(ground),
    )
    return Finding(all(shown) and all(lower), (*head, *lines))


@on_one_thread
def d34(ground: Ground) -> Finding:
    """The sampled ids that recorded results hang on: what they hold and what they leave out."""
    from smartgen.protocols.candidates import sampled_candidates
    from smartgen.protocols.released_prediction import token_metrics

    found = needed(list(_ranked(ground)), "networks of SmartGen or SASRec of the release")
    optimistic = [agree(one.metrics, one.result.row) for one in found]
    last = [token_metrics(one.scores, one.candidates, "pessimistic")["ndcg@10"] for one in found]
    lost = [one.metrics["ndcg@10"] - value for one, value in zip(found, last, strict=True)]
    lines, wanted, repeated, own = [], [], [], 0
    tested = [(cell, pieces) for cell in cells(ground) if (pieces := tested_pieces(ground, cell)) is not None]
    for cell, pieces in tested:
        drawn = sampled_candidates(pieces)
        negatives = drawn.ids[:, 1:]
        wanted.append(float((negatives == drawn.ids[:, :1]).any(axis=1).mean()))
        ordered = np.sort(negatives, axis=1)
        repeated.append(float((ordered[:, 1:] == ordered[:, :-1]).any(axis=1).mean()))
        own += _own_tokens(drawn)
        actions = len(cell.new.vocabulary.actions)
        lines.append(
            f"{cell}: ids 1 to {drawn.largest} of {actions - 1} are drawn for {len(negatives):,} users; "
            f"{wanted[-1]:.1%} have the wanted one among them, {repeated[-1]:.1%} one twice"
        )
    head = (
        had(tested, cells(ground), "split test sequences"),
        f"{sum(optimistic)} of {len(found)} recorded results come out with these draws where a tie is a hit",
        f"{own} draws are among the user's tokens but for the last two, whatever field these are of",
        f"with ties counted against it NDCG@10 falls by {min(lost):.4f} to {max(lost):.4f}",
    )
    holds = all(optimistic) and not own and min(wanted) > 0 and min(repeated) > 0
    return Finding(holds, (*head, *lines))


def d35(ground: Ground) -> Finding:
    """How many users recorded shares of hits are shares of, and what id 0 has learned."""
    users = {
        cell.place: len(pieces)
        for cell in cells(ground)
        if (pieces := tested_pieces(ground, cell)) is not None
    }
    hits = [
        (users[place[0], place[1]], value)
        for place, value in _token_hits(ground)
        if (place[0], place[1]) in users
    ]
    fewer = sum(_is_share(value, count - 1) for count, value in hits)
    every = sum(_is_share(value, count) for count, value in hits)
    zeros, networks = _zero_rows(ground)
    head = (
        had(users, cells(ground), "split test sequences"),
        f"{fewer} of {len(hits)} recorded HR@10 are a whole number of hits among all test sequences but one, "
        f"{every} among all",
        f"the weights of id 0 are all 0 in {zeros} of {networks} recorded networks, as a pad's are",
    )
    lines = [
        f"{' '.join(place)}: {count:,} test sequences, {count - 1:,} evaluated"
        for place, count in users.items()
    ]
    holds = fewer == len(hits) > every and zeros == networks
    return Finding(holds, (*head, *lines, *_zero_tokens(ground)))


def d36(ground: Ground) -> Finding:
    """What SmartGen and SASRec were trained with: batch, sequences and their lengths."""
    found: list[tuple[Cell, _Training, _Training]] = []
    for cell in cells(ground):
        ours = _training(
            ground.root / PIPELINE, f"{cell.dataset}_{cell.new.folder.name}_generation_*_default"
        )
        stale = _training(
            ground.root / BASELINE / "SASRec", f"{cell.dataset}_{cell.old.folder.name}_trn_default"
        )
        if ours and stale:
            found.append((cell, ours, stale))
    apart = sum(ours.batch != stale.batch for _, ours, stale in found)
    rigid = sum(stale.shortest == stale.longest for _, _, stale in found)
    supple = sum(ours.shortest < ours.longest for _, ours, _ in found)
    lines = [f"{cell}: SmartGen {ours}; SASRec {stale}" for cell, ours, stale in found]
    head = (
        had(found, cells(ground), "settings and training sequences of both"),
        f"the batch differs in {apart}; SASRec's sequences are of one length in {rigid}, SmartGen's of "
        f"several in {supple}",
    )
    return Finding(apart == rigid == supple == len(found), (*head, *lines))


def d37(ground: Ground) -> Finding:
    """Printed numbers of Table 3 that are not those of the result files."""
    table = ground.table("table3")
    pairs = {
        place: (value, table.released[place])
        for place, value in table.published.items()
        if place in table.released
    }
    wrong = {place: pair for place, pair in pairs.items() if abs(pair[0] - pair[1]) > HALF_DIGIT}
    lines, contrary = [], 0
    for place, (printed, recorded) in wrong.items():
        again = _again(ground, place)
        contrary += again is not None and abs(again - recorded) > HALF_DIGIT
        told = "its network is not here" if again is None else f"its network gives {again:.4f}"
        lines.append(f"{' '.join(place)}: printed {printed:.4f}, result file {recorded:.4f}; {told}")
    said = {Place("FR", "NT", "NDCG@10", "FPMC"), Place("US", "NT", "HR@10", "LSTM")}
    head = f"{len(wrong)} of {len(pairs)} printed numbers are not the result file's to four decimals"
    return Finding(set(wrong) == said and not contrary, (head, *lines))


def _ranked(ground: Ground) -> Iterator[_Ranked]:
    """The recorded networks of SmartGen and SASRec on the cells of Table 3."""
    from smartgen.protocols.candidates import sampled_candidates
    from smartgen.protocols.released_prediction import token_metrics

    for cell in cells(ground):
        pieces = tested_pieces(ground, cell)
        named = [("SmartGen", one) for one in retrained_results(cell.new) if one.name == "retrained"]
        named += [("SASRec", one) for one in stale_results(cell.old)]
        named = [(method, one) for method, one in named if one.checkpoint is not None]
        if pieces is None or not named:
            continue
        drawn = sampled_candidates(pieces)
        for method, one in named:
            scores = trained_scores(cell.new, one, drawn.histories, drawn.sizes)
            yield _Ranked(cell, method, one, drawn, scores, token_metrics(scores, drawn, "optimistic"))


def _without_target(one: _Ranked) -> Any:
    """The network's scores where nothing of the wanted behavior is shown."""
    shown = one.candidates.histories
    hidden = np.zeros_like(shown)
    hidden[:, TARGET:] = shown[:, :-TARGET]
    return trained_scores(one.cell.new, one.result, hidden, one.candidates.sizes - TARGET)


def _named(one: _Ranked) -> str:
    return f"{one.cell} {one.method}"


def _pair(metrics: dict[str, float], prefix: str = "") -> str:
    return f"{metrics[f'{prefix}ndcg@10']:.4f}/{metrics[f'{prefix}hr@10']:.4f}"


def _token_files(ground: Ground) -> str:
    """Whether the files that networks are tested on hold every field of every behavior as an item."""
    files, whole = 0, 0
    for cell in cells(ground):
        path = ground.root / PIPELINE / "data" / f"{cell.dataset}_{cell.new.folder.name}_test.txt"
        pieces = tested_pieces(ground, cell)
        if path.is_file() and pieces is not None:
            files, whole = files + 1, whole + (_items(path) == pieces.to_lists())
    return (
        f"{whole} of {files} test files have day, hour, device and action of every behavior as items in order"
    )


def _items(path: Path) -> list[list[int]]:
    """The items of each user, by the users' first occurrence."""
    found: dict[str, list[int]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        user, item = line.split()
        found.setdefault(user, []).append(int(item))
    return list(found.values())


def _own_tokens(drawn: Any) -> int:
    """Negatives that are among the user's tokens but for the last two, pads left aside."""
    histories = drawn.histories[:, :-1]
    return sum(
        int(np.isin(negatives, own[own > 0]).sum())
        for own, negatives in zip(histories, drawn.ids[:, 1:], strict=True)
    )


def _token_hits(ground: Ground) -> Iterator[tuple[Place, float]]:
    """Every recorded HR@10 of SASRec's networks."""
    for name, methods in (
        ("table3", ["SmartGen", "SASRec"]),
        *((n, None) for n in ("table4", "fig7", "fig8", "threshold")),
    ):
        table: Table = ground.table(name)
        for place, value in table.released.items():
            if place.metric == "HR@10" and (methods is None or place.method in methods):
                yield place, value


def _is_share(value: float, count: int) -> bool:
    """Whether a share is one of this many."""
    return abs(round(value * count) / count - value) < SHARE_DIGITS


def _zero_rows(ground: Ground) -> tuple[int, int]:
    """Recorded networks of SASRec whose id 0 has no weights, and all of them."""
    import torch

    paths = sorted(ground.root.glob("*/**/SASRec.epoch=*.pth"))
    weights = (torch.load(path, map_location="cpu", weights_only=True) for path in paths)
    return sum(not found["item_emb.weight"][0].any() for found in weights), len(paths)


def _zero_tokens(ground: Ground) -> Iterator[str]:
    """What id 0 stands for in the training files, and so is no target."""
    paths = sorted((ground.root / PIPELINE / "data").glob("*_generation_*.txt"))
    count: Counter[str] = Counter()
    for path in paths:
        for row in _items(path):
            count["all"] += len(row)
            count.update(FIELDS[i % len(FIELDS)] for i, item in enumerate(row) if item == 0)
    if paths:
        told = ", ".join(f"{count[field]:,} {field}s" for field in FIELDS)
        zeros = sum(count[field] for field in FIELDS)
        yield f"{zeros:,} of {count['all']:,} items of SmartGen's {len(paths)} training files are 0: {told}"


@dataclass(frozen=True)
class _Training:
    """Settings and data of a training; lengths in items."""

    batch: int
    sequences: int
    shortest: int
    longest: int

    def __str__(self) -> str:
        updates = -(-self.sequences // self.batch)
        lengths = f"{self.shortest}" + (f" to {self.longest}" if self.longest > self.shortest else "")
        steps = "1 update" if updates == 1 else f"{updates} updates"
        return f"batch {self.batch}, {self.sequences:,} sequences of {lengths} items, {steps} an epoch"


def _training(folder: Path, pattern: str) -> _Training | None:
    """What a training's folder and its file of items say; None where one is missing."""
    path = next(iter(sorted(folder.glob(f"{pattern}/args.txt"))), None)
    if path is None:
        return None
    args = dict(line.split(",", 1) for line in path.read_text(encoding="utf-8").splitlines() if "," in line)
    data = folder / "data" / f"{args['dataset']}.txt"
    if not data.is_file():
        return None
    sizes = [len(row) for row in _items(data)]
    return _Training(int(args["batch_size"]), len(sizes), min(sizes), max(sizes))


def _again(ground: Ground, place: Place) -> float | None:
    """A number of a windowed system, from its recorded network; None where that is not here."""
    try:
        here = [cell for cell in cells(ground) if cell.place == place[:2] and place.method in SYSTEMS]
    except UncheckableError:
        return None
    from smartgen.training.threads import thread_limit

    for cell in here:
        test = window_test(cell.old)
        for _, network, _ in window_networks(cell.old, [SYSTEMS[place.method]]) if test is not None else ():
            with thread_limit(1):
                return window_metrics(network, test, len(cell.old.vocabulary.actions))[place.metric.lower()]
    return None
