"""The synthetic sets themselves: are they possible, new, nearer to the new data than the old log (ours)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any

from smartgen.core.errors import NothingRecordedError
from smartgen.core.keys import canonical_json, flatten
from smartgen.core.names import TRANSITIONS, transition_order
from smartgen.core.records import Record
from smartgen.tables.blocks import Block, Page
from smartgen.tables.compare import SEEDS_FOR_SD
from smartgen.tables.select import NONE, differing, lookup, matches, seed_of, seeded_apart, when

FIELDS = ("device", "hour", "transition")
ALONE = {
    "valid": "validity",
    "novel": "novelty",
    "copies": "copies",
    "twice": "duplicates",
    "new\npairs": "new_pairs",
    "nearest\nmean": "nearest_mean",
    "nearest\nmedian": "nearest_median",
    "any hour\nmean": "nearest_any_hour_mean",
}
BESIDE = {
    **{f"to old\n{field[:6]}": f"js_{field}_source" for field in FIELDS},
    **{f"to new\n{field[:6]}": f"js_{field}_target" for field in FIELDS},
    "has\ndevices": "coverage_devices",
    "has\nbehav.": "coverage_behaviors",
    "has\npairs": "coverage_pairs",
}
# What a line is of: the first word of its metrics in the records, and its name where that is not the set's.
REAL = {"source": "old log", "target": "new data"}
SAMPLED = {"sampled_source": "  as many old", "sampled_target": "  as many new"}
IDENTITY = ("synthesizer", "stage", "dataset", "transition")
WRITERS = ("llm", "level", "variant")
INTRO = (
    "Each set beside the pieces of the old log and of the real new data, as the cell's TSS splits them.",
)
BELOW = (
    "valid: share of behaviors whose device and action go together in this home; novel: share of the "
    "distinct sequences that the old log lacks; copies: share of all sequences that it has, day included; "
    "twice: share that repeats an earlier one of the set; new pairs: share of its (device, action) pairs "
    "that the old log lacks.",
    "nearest: edit distance to the most similar sequence of the old log over the longer one's length: 0 the "
    "same but for the day, 1 every behavior differs; any hour: hours do not count either.",
    "to old, to new: Jensen-Shannon distance (root of the divergence in bits), 0 the same, 1 nothing in "
    "common; transi: pairs of actions that follow one another.",
    "has: share of the new data that occurs in the set: distinct devices, behaviors by device, behaviors by "
    "(device, action).",
    "old log, new data: real sequences, as if they were the set. as many old, as many new: of these as many "
    "as the set above has, mean of 20 draws. Small sets lie farther from anything, so a set has to be nearer "
    "than as many old ones, and cannot be expected to be nearer than as many new ones.",
)


@dataclass(frozen=True)
class Quality:
    """A synthetic set, or real sequences beside it.

    Args:
        of: ``set``, or of real ones ``source``, ``target``, ``sampled_source`` or ``sampled_target``.
        name: who wrote it, or what it is.
        settings: in what it differs from others of this name and home, in words.
        size: sequences in the set, or drawn, mean over seeds; None of all real ones.
        values: metric -> seed -> value.
    """

    dataset: str
    transition: str
    of: str
    name: str
    settings: str
    size: float | None
    values: Mapping[str, Mapping[Any, float]]

    @property
    def seeds(self) -> int:
        """How many seeds are averaged."""
        return len({seed for values in self.values.values() for seed in values})


def qualities(records: Iterable[Record], dataset: str | None = None) -> list[Quality]:
    """Each synthetic set once, whatever was trained on it, behind the real sequences of its home.

    Args:
        dataset: only this one.

    Raises:
        SmartgenError: no record has measured a set.
    """
    having = [r for r in records if r.ok and any(name.startswith("set_") for name in r.metrics)]
    having = [r for r in having if dataset is None or matches(r, {"dataset": dataset})]
    if not having:
        of = f" of dataset {dataset}" if dataset else ""
        raise NothingRecordedError(
            f"no record{of} has measured a synthetic set; `smartgen detector=seen synthesizer=walk` makes one"
        )
    having.sort(key=when)  # of one seed the newest stays
    real = [
        _quality(some, of, name, words)
        for of, name in REAL.items()
        for some, words in _alike(having, lambda record: "", _real_settings)
    ]
    written = []
    apart_by_seed = seeded_apart(having)

    def of_set(record: Record) -> dict[str, Any]:
        found = _set_settings(record)
        own = lookup(record, "synthesizer.name") in apart_by_seed
        return found if own else {key: found[key] for key in found if key != "synthesizer.seed"}

    for some, words in sorted(_alike(having, set_name, of_set), key=lambda one: set_name(one[0][0])):
        names = {"set": set_name(some[0]), **SAMPLED}
        written += [_quality(some, of, name, words) for of, name in names.items()]
    return sorted([*real, *written], key=lambda one: (one.dataset, transition_order(one.transition)))


def set_name(record: Record) -> str:
    """Who wrote the set, in words: the synthesizer, and of recorded answers which.

    Example:
        >>> from pathlib import Path
        >>> settings = {"name": "replay", "llm": "gpt-4o", "level": "filtered", "collection": "tof"}
        >>> set_name(Record("", Path(), {"config": {"synthesizer": settings}}))
        'replay gpt-4o filtered tof'
    """
    settings = record.config.get("synthesizer", {})
    parts = [settings.get("name", NONE), *(settings[name] for name in WRITERS if settings.get(name))]
    if settings.get("level") == "filtered" and settings.get("collection") != "detection":
        parts.append(settings.get("collection"))
    return " ".join(str(part) for part in parts if part)


def synthetic_page(found: Sequence[Quality]) -> Page:
    """Two tables with a line a set: by itself, and beside real data."""
    notes = list(dict.fromkeys(one.settings for one in found if one.settings))
    alone, beside = (
        [one for one in found if any(metric in one.values for metric in columns.values())]
        for columns in (ALONE, BESIDE)
    )
    blocks = [
        _block("Possible, new, and how near to the old log; means over n seeds", alone, ALONE, notes, True),
        _block("How like the old log and the real new data", beside, BESIDE, notes, False),
    ]
    below = [*(f"†{number} {text}" for number, text in enumerate(notes, 1)), *BELOW]
    return Page("synthetic: how good the sets are by themselves", INTRO, blocks, below)


def synthetic_records(found: Sequence[Quality]) -> list[dict[str, Any]]:
    """One flat row a set and metric."""
    names = ("dataset", "transition", "of", "name", "settings", "size")
    return [
        {name: getattr(one, name) for name in names}
        | {"name": one.name.strip(), "metric": metric, "n": len(seeds), "mean": fmean(seeds.values())}
        | {"sd": stdev(seeds.values()) if len(seeds) >= SEEDS_FOR_SD else 0.0}
        for one in found
        for metric, seeds in one.values.items()
    ]


def _alike(
    records: Iterable[Record], name: Callable[[Record], str], settings: Callable[[Record], dict[str, Any]]
) -> list[tuple[list[Record], str]]:
    """Records of one home, change, name and setting, with what tells that setting from its likes."""
    places: dict[tuple[str, str, str], dict[str, list[Record]]] = {}
    for record in records:
        place = (record.axes["dataset"], record.axes["transition"], name(record))
        places.setdefault(place, {}).setdefault(canonical_json(settings(record)), []).append(record)
    found = []
    for groups in places.values():
        told = [settings(some[0]) for some in groups.values()]
        keys = differing(told)
        words = [" ".join(f"{key}={one.get(key, NONE)}" for key in keys) for one in told]
        found += list(zip(groups.values(), words, strict=True))
    return found


def _set_settings(record: Record) -> dict[str, Any]:
    """All that a set depends on but for the seed; stages that train are seeded by the protocol's rule."""
    config = {name: record.config[name] for name in IDENTITY if name in record.config}
    config["transition"] = {"change": record.config.get("transition", {}).get("change", {})}
    found = flatten(config)
    trained = any(key.startswith("stage.") and key.endswith(".epochs") for key in found)
    return found | ({"protocol": lookup(record, "protocol")} if trained else {})


def _real_settings(record: Record) -> dict[str, Any]:
    """All that the pieces of real sequences depend on but for the seed."""
    dataset, stage = record.config.get("dataset", {}), record.config.get("stage", {})
    return flatten({"dataset": dataset, "stage": {"tss": stage.get("tss", {})}})


def _quality(records: Sequence[Record], of: str, name: str, settings: str) -> Quality:
    """The metrics of this kind, one value a seed."""
    values: dict[str, dict[Any, float]] = {}
    sizes: dict[Any, float] = {}
    for record in records:
        seed = seed_of(record)
        sizes[seed] = record.counts.get("synthetic", 0)
        for metric, value in record.metrics.items():
            if metric.startswith(f"{of}_"):
                values.setdefault(metric.removeprefix(f"{of}_"), {})[seed] = float(value)
    first = records[0].axes
    size = None if of in REAL else fmean(sizes.values())
    return Quality(first["dataset"], first["transition"], of, name, settings, size, values)


def _block(
    heading: str, lines: Sequence[Quality], columns: Mapping[str, str], notes: Sequence[str], sized: bool
) -> Block:
    """A line a set; `sized`: with the number of seeds and of sequences."""
    places = [(one.dataset, one.transition) for one in lines]
    rules = frozenset(row for row in range(len(places) - 1) if places[row] != places[row + 1])
    head = ["cell", "sequences", *(("n", "size") if sized else ()), *columns]
    rows = [_line(one, columns, notes, sized) for one in lines]
    return Block(heading, head, rows, frozenset(range(2, len(head))), rules)


def _line(one: Quality, columns: Mapping[str, str], notes: Sequence[str], sized: bool) -> list[str]:
    marked = one.settings and one.of not in SAMPLED  # these stand under their set
    mark = f" †{notes.index(one.settings) + 1}" if marked else ""
    cell = f"{one.dataset.upper()} {TRANSITIONS.get(one.transition, one.transition)}"
    sizes = [str(one.seeds), "" if one.size is None else f"{one.size:.0f}"] if sized else []
    values = [one.values.get(metric, {}).values() for metric in columns.values()]
    means = [f"{fmean(some):.3f}" if some else "-" for some in values]
    return [cell, one.name + mark, *sizes, *means]
