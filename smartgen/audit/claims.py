"""Checks of the abstract's averages, and of small things in data and scripts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from statistics import fmean
from typing import Any

from smartgen.audit.changes import Cell, cells, had, needed
from smartgen.audit.finding import Finding
from smartgen.audit.ground import Ground
from smartgen.core.types import ACTION, Sequences
from smartgen.data.holdout import hold_out
from smartgen.data.recording_names import scan
from smartgen.data.recordings import COLLECTIONS
from smartgen.data.release import DATA_FOLDER, contexts, parts, vocabulary_tables
from smartgen.tables.declare import Table
from smartgen.tables.headline import Ratio

# Table, metric, the system as trained on the old log, and the gain that the abstract claims, in percent.
HEADLINES = (("table2", "F1 Score", "TransAE", 85.43), ("table3", "HR@10", "SASRec", 70.51))
ADAPTED = "SmartGen"
DIGIT = 0.005  # half of a percentage's second decimal
POOLS = ("trn", "vld", "test")  # of all contexts of a home together
EPOCHS = 50  # of the published networks


def d48(ground: Ground) -> Finding:
    """The abstract's two averages as a ratio of means, and read in other ways."""
    lines, exact, less = [], [], []
    for name, metric, stale, claimed in HEADLINES:
        table = ground.table(name)
        own = _ratio(table, metric, stale)
        others = [_ratio(table, metric, method) for method in _methods(table, metric) if method != ADAPTED]
        best = max(others, key=lambda one: one.mean(one.old))
        percent, beside = (100 * (one.gain or 0) for one in (own, best))
        exact.append(abs(percent - claimed) <= DIGIT)
        less.append(beside < percent)
        each = fmean(own.new[1][cell] / own.old[1][cell] - 1 for cell in own.cells if own.old[1][cell])
        lines += [
            f"{metric}: mean of {len(own.cells)} cells {own.mean(own.new):.4f}, {stale}'s "
            f"{own.mean(own.old):.4f}: {percent:+.2f} %, claimed {claimed:+.2f} %",
            f"{metric}: mean of the cells' own gains over {stale} {100 * each:+.2f} %",
            f"{metric}: over {best.old[0]}, the best baseline, {best.mean(best.old):.4f}, {beside:+.2f} %",
        ]
    head = f"{sum(exact)} of {len(exact)} claimed averages are ratios of means to the same system unadapted"
    return Finding(all(exact) and all(less), (head, *lines))


def d49(ground: Ground) -> Finding:
    """The training files of new contexts: whose splits they are, and what of them the logs hold."""
    lines, found, traced, real, inside, total = [], [], 0, 0, 0, 0
    for cell in cells(ground):
        paths = [cell.new.folder / f"{name}.pkl" for name in ("trn", "rs_vld")]
        if not all(path.is_file() for path in paths):
            continue
        pair = [ground.sequences(path) for path in paths]
        source, logged = _written(ground, cell, pair), _logged(ground, cell)
        if source is None and not logged:
            continue  # nothing to tell by whose they are
        contents = Sequences.concatenate(pair).contents()
        held = sum(content in logged for content in contents)
        found.append(cell)
        inside, total, traced = inside + held, total + len(contents), traced + (source is not None)
        real += source is None and held > len(contents) / 2
        told = f"the split of {source}" if source else "the split of no set that is here"
        lines.append(
            f"{cell}: {len(pair[0])} + {len(pair[1])} sequences, {told}; {held} are in the home's logs"
        )
    head = (
        had(found, cells(ground), "trn and rs_vld of the new context"),
        f"{traced} of {len(found)} pairs are the 80/20 split of a synthetic set",
        f"{inside} of {total} sequences are in the logs, {_real(ground)}",
    )
    return Finding(not real, (*head, *lines))


def d51(ground: Ground) -> Finding:
    """Epochs by the names of SASRec's networks, and by the settings beside them."""
    named = Counter(
        int(match[1])
        for path in ground.root.glob("*/**/SASRec.epoch=*.pth")
        if (match := re.search(r"\.epoch=(\d+)\.", path.name))
    )
    settings = [_settings(path) for path in sorted(ground.root.glob("*/**/args.txt"))]
    needed([*named], "networks of SASRec of the release")
    tests = [one for one in settings if one.get("inference_only") == "True"]
    needed(tests, "settings of SASRec's tests, args.txt, of the release")
    asked: dict[str, Counter[str]] = {"True": Counter(), "False": Counter()}
    for one in settings:
        asked.setdefault(one.get("inference_only", ""), Counter())[one.get("num_epochs", "?")] += 1
    read = Counter(
        match[1] for one in settings if (match := re.search(r"epoch=(\d+)\.", one.get("state_dict_path", "")))
    )
    lines = [
        f"networks by the epoch in their name: {_counted(named)}",
        f"settings of trainings, by epochs asked for: {_counted(asked['False'])}",
        f"settings of tests, by epochs asked for: {_counted(asked['True'])}",
        f"and by the epoch of the network that they read: {_counted(read)}",
    ]
    other = sum(count for epochs, count in asked["True"].items() if epochs != str(EPOCHS))
    head = f"{named[EPOCHS]} of {named.total()} networks are of epoch {EPOCHS}; {other} tests ask for another"
    return Finding(set(named) == {EPOCHS} and other > 0, (head, *lines))


def d52(ground: Ground) -> Finding:
    """Off actions that a home does not have under the id given, and sequences that end with action 0."""
    lines, wrong, ends = [], {}, 0
    tables = vocabulary_tables(ground.root)
    listed = [name for name in ground.datasets if tables.get(f"{name}_actions_off")]
    needed(listed, "lists of off actions of the release")
    for dataset in ground.datasets:
        actions, off = (tables.get(f"{dataset}_actions{end}", {}) for end in ("", "_off"))
        names = {number: name for name, number in actions.items()}
        bad = [
            f"{name!r} as {n}, which is {names.get(n)!r}" for name, n in off.items() if actions.get(name) != n
        ]
        wrong[dataset] = len(bad)
        zero, count = _zero_ends(ground, dataset)
        ends += zero
        lines.append(
            f"{dataset.upper()}: {len(off)} off actions, not owned: {', '.join(bad) or 'none'}; "
            f"{zero} of {count:,} logged sequences end with action 0"
        )
    head = (
        f"{sum(wrong.values())} listed off actions are not the home's: "
        + ", ".join(f"{name.upper()} {count}" for name, count in wrong.items()),
        f"{ends} logged sequences end with action 0, the ones that lose it where trailing zeros are stripped",
    )
    return Finding(any(wrong.values()), (*head, *lines))


def _methods(table: Table, metric: str) -> list[str]:
    return list(dict.fromkeys(place.method for place in table.published if place.metric == metric))


def _ratio(table: Table, metric: str, method: str) -> Ratio:
    """SmartGen's printed numbers over another method's, cell by cell."""
    rows = [
        (
            name,
            {
                (p.dataset, p.transition): v
                for p, v in table.published.items()
                if (p.metric, p.method) == (metric, name)
            },
        )
        for name in (ADAPTED, method)
    ]
    return Ratio(table.name, "as published", *rows)


def _written(ground: Ground, cell: Cell, pair: list[Sequences]) -> str | None:
    """The synthetic set of the cell of which these two are the split; None where none is here."""
    home = f"{cell.dataset}/{cell.new.folder.name}"
    folders = [
        f"{DATA_FOLDER}/{home}",
        f"SmartGen/filter_data/{home}",
        *(one.folder for one in COLLECTIONS.values()),
    ]
    for folder in folders:
        for one in scan(ground.root / folder, nested=folder == COLLECTIONS["study"].folder):
            here = one.is_set and (one.dataset, one.context) == (cell.dataset, cell.new.folder.name)
            if here and list(hold_out(ground.sequences(one.path))) == pair:
                return str(one.path.relative_to(ground.root))
    return None


def _logged(ground: Ground, cell: Cell) -> set[bytes]:
    """Sequences of the home's logs: those of all contexts together, and the new context's test."""
    folder = ground.root / DATA_FOLDER / cell.dataset
    paths = [folder / f"{name}.pkl" for name in POOLS] + [cell.new.folder / "test.pkl"]
    return {content for path in paths if path.is_file() for content in ground.sequences(path).contents()}


def _real(ground: Ground) -> str:
    """The same count for the files that do hold real sequences, vld.pkl."""
    inside = total = 0
    for cell in cells(ground):
        path = cell.new.folder / "vld.pkl"
        if path.is_file():
            contents, logged = ground.sequences(path).contents(), _logged(ground, cell)
            inside, total = inside + sum(one in logged for one in contents), total + len(contents)
    return f"{inside} of {total} of the real validation files beside them"


def _settings(path: Path) -> dict[str, str]:
    """The lines ``name,value`` of a training's or a test's args.txt."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return {name: value for name, _, value in (line.partition(",") for line in lines)}


def _counted(found: Mapping[Any, int]) -> str:
    return ", ".join(f"{epochs} ({count})" for epochs, count in found.items()) or "none here"


def _zero_ends(ground: Ground, dataset: str) -> tuple[int, int]:
    """Sequences of a home's logs whose last action has id 0, and all."""
    zero = total = 0
    for context in contexts(ground.root, dataset):
        for name in parts(ground.root, dataset, context):
            if not name.startswith("split_"):
                found = ground.sequences(ground.data(dataset, context, f"{name}.pkl"))
                zero += int((found.values[found.offsets[1:] - 1, ACTION] == 0).sum())
                total += len(found)
    return zero, total
