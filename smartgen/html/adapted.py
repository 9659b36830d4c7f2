"""The page of an adaptation: what changed, what was filtered out and why, and what it is worth (ours)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from smartgen.html.adapted_pictures import devices_picture, hours_picture
from smartgen.html.render import render_template
from smartgen.html.sections import Picture

Told = Mapping[str, Any]
LOG_NAMES = {"source": "old log", "synthetic": "written", "target": "real new"}
REGIMES = {
    "source": "stale (old log)",
    "synthetic": "adapted (written)",
    "mixed": "adapted (both)",
    "adapted": "adapted (experts)",
    "oracle": "oracle (real new)",
}
METRICS = {
    "auroc": "attacks told from normal sequences, AUROC",
    "f1": "F1 at the threshold",
    "false_positive_rate": "normal sequences flagged (lower is better)",
    "hr@1": "next action named first",
    "hr@10": "next action among the first ten",
    "ndcg@10": "NDCG@10",
}

# Model, what it is judged by, in words, and what is told besides: a ranking tells nothing of a threshold.
VERDICTS: Sequence[tuple[str, str, str, Mapping[str, str]]] = (
    (
        "detector",
        "auroc",
        "AUROC",
        {"f1": "at its threshold F1", "false_positive_rate": "normal sequences flagged"},
    ),
    ("predictor", "hr@10", "HR@10", {"hr@1": "named first"}),
)
NOTICEABLE = 0.01  # another seed moves a measure by more
MOSTLY = 0.5  # share of copies that is told


@dataclass(frozen=True)
class Table:
    """Texts in rows; `right`: the columns of numbers."""

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    right: Collection[int] = frozenset()


@dataclass(frozen=True)
class PagePart:
    """A section: words, pictures, tables, and one more table that is folded away."""

    name: str
    title: str
    intro: Sequence[str] = ()
    pictures: Sequence[Picture] = ()
    tables: Sequence[Table] = ()
    folded: Table | None = None


@dataclass(frozen=True)
class AdaptedPage:
    """The whole page, texts and numbers only."""

    title: str
    lead: str
    facts: Mapping[str, str]
    parts: Sequence[PagePart] = field(default_factory=list)


def adapted_page(changes: Told) -> str:
    """One self-contained page.

    Args:
        changes: what ``smartgen.adapted_changes`` tells.
    """
    page = AdaptedPage(
        f"What changes in the home “{changes['home']}”",
        f"From “{changes['before']}” to “{changes['after']}”: the old log beside the sequences that were "
        "written for the new time, and the models trained on them.",
        _facts(changes),
        [
            _benefit(changes),
            _shares(changes),
            _transitions(changes),
            _filtered(changes),
            _samples(changes),
            *([_log(changes["log"])] if "log" in changes else []),
        ],
    )
    return render_template("adapted.html.j2", page=page)


def _facts(changes: Told) -> dict[str, str]:
    of = changes["counts"]
    many = " of all experts" if changes["regime"] == "adapted" else ""
    facts = {
        "old log": f"{of['source']:,} pieces",
        "written": f"{of['written']:,} sequences by {changes['synthesizer']}, {of['synthetic']:,} kept",
        "detector": f"{changes['detector']}, trained on {of['detector_train']:,} sequences{many}",
        "predictor": f"{changes['predictor']}, trained on {of['predictor_train']:,} sequences{many}",
        "regime": changes["regime"],
        "seed": str(changes["seed"]),
    }
    if log := changes.get("log"):
        facts["log"] = (
            f"{log['rows']:,} rows, {log['behaviors']:,} behaviors, {log['first']} to {log['last']}"
        )
    return facts


def _benefit(changes: Told) -> PagePart:
    told = changes["benefit"]
    if not told["rows"]:
        return PagePart("benefit", "What it is worth", [f"Not measured: {told['why']}.", *_copied(changes)])
    head = ["measure", *(REGIMES[name] for name in told["regimes"])]
    tables = []
    for task, caption in (("detection", "Finding anomalies"), ("prediction", "Naming the next action")):
        rows = [row for row in told["rows"] if row["task"] == task]
        texts = [[METRICS[row["name"]], *(f"{value:.3f}" for value in row["values"])] for row in rows]
        tables.append(Table(caption, head, texts, range(1, len(head))))
    return PagePart(
        "benefit",
        "What it is worth",
        [
            "Measured on the real sequences of the new context that the log holds, by protocol unified: each "
            "half tests while the oracle learns from the other. Attacks are made from the home's own habits. "
            "One seed; docs/home.md says how much another one changes.",
            _verdict(told),
            *_copied(changes),
        ],
        tables=tables,
    )


def _verdict(told: Told) -> str:
    """Whether the adapted models are better than the stale ones, in a sentence that hides nothing."""
    place = {name: i for i, name in enumerate(told["regimes"])}
    mine = next((name for name in told["regimes"] if name not in ("source", "oracle")), "source")
    if mine == "source":
        return "These models are the stale ones: nothing was adapted."
    values = {
        row["name"]: (row["values"][place["source"]], row["values"][place[mine]]) for row in told["rows"]
    }
    parts = [
        f"the adapted {model} is {_beside(*values[name])} in {in_words}{_also(others, values)}"
        for model, name, in_words, others in VERDICTS
        if name in values
    ]
    return f"Here {', and '.join(parts)}." if parts else ""


def _also(others: Mapping[str, str], values: Mapping[str, tuple[float, float]]) -> str:
    known = {words: values[name] for name, words in others.items() if name in values}
    told = ", ".join(f"{words} {before:.3f} to {after:.3f}" for words, (before, after) in known.items())
    return f" ({told})" if told else ""


def _beside(stale: float, adapted: float) -> str:
    gain = round(adapted - stale, 3)
    if abs(gain) < NOTICEABLE:
        return "level with the stale one"
    return f"{'better' if gain > 0 else 'worse'} than the stale one by {abs(gain):.3f}"


def _copied(changes: Told) -> list[str]:
    """Said where the written set tells of little that is new."""
    share = changes["quality"].get("set_copies", 0.0)
    if share < MOSTLY:
        return []
    return [
        f"{100 * share:.0f} % of the written sequences stand in the old log word for word: "
        f"{changes['synthesizer']} told of little that is new. Name what goes and comes "
        "(transition.change), or ask a larger LLM; docs/home.md says how."
    ]


def _shares(changes: Told) -> PagePart:
    devices, hours = changes["devices"], changes["hours"]
    head = ["device", *(LOG_NAMES[log] for log in devices["logs"])]
    rows = [[name, *(f"{100 * share:.1f} %" for share in values)] for name, *values in devices["rows"]]
    return PagePart(
        "shares",
        "Devices and hours, before and after",
        ["Shares of all behaviors. Devices whose shares differ most come first."],
        [devices_picture(devices, LOG_NAMES), hours_picture(hours, LOG_NAMES)],
        folded=Table("All devices", head, rows, range(1, len(head))),
    )


def _transitions(changes: Told) -> PagePart:
    return PagePart(
        "transitions",
        "What follows what",
        ["Steps from one action to the next, the most frequent first, with their share of all steps."],
        tables=[
            _steps(told, caption, share)
            for told, caption, share in (
                (changes["new_transitions"], "New: written, never in the old log", "after"),
                (changes["gone_transitions"], "Vanished: in the old log, not written", "before"),
            )
            if told
        ],
    )


def _steps(told: Sequence[Told], caption: str, share: str) -> Table:
    real = bool(told) and "real" in told[0]
    rows = [
        [
            f"{one['first']} → {one['then']}",
            f"{100 * one[share]:.1f} %",
            *(["yes" if one["real"] else "no"] if real else []),
        ]
        for one in told
    ]
    return Table(caption, ["step", "share", *(["in the real new data"] if real else [])], rows, {1})


def _filtered(changes: Told) -> PagePart:
    told, rejects = changes["filtered"], changes["rejects"]
    intro = []
    if rejects:
        reasons = "; ".join(f"{reason}: {count:,}" for reason, count in rejects.items())
        intro.append(f"What could not be read of the LLM's answers, and so was left out: {reasons}.")
    if "bound" not in told:
        intro.append(f"No filter ran (stage/tof={told['stage']}).")
        return PagePart("filtered", "Filtered out, and why", intro)
    intro.append(
        f"TOF ({told['stage']}) gave each sequence its loss under an autoencoder trained on all. Above "
        f"{told['bound']:.3g} (the third quartile and 1.5 interquartile ranges) one is an outlier; those "
        "that make the others' loss fall when they are trained on return. "
        f"{told['outliers']:,} were outliers; {told['left_out']:,} were left out."
    )
    rows = [
        [f"{row['loss']:.3g}", "returned" if row["kept"] else "left out", " → ".join(row["sequence"])]
        for row in told["rows"]
    ]
    shown = f", {len(rows)} of {told['outliers']:,}" if len(rows) < told["outliers"] else ""
    table = Table(f"Outliers, the strangest first{shown}", ["loss", "outcome", "sequence"], rows)
    return PagePart("filtered", "Filtered out, and why", intro, tables=[table] if rows else [])


def _samples(changes: Told) -> PagePart:
    rows = [[str(i + 1), " → ".join(words)] for i, words in enumerate(changes["samples"])]
    quality = [[name.removeprefix("set_"), f"{value:.3f}"] for name, value in changes["quality"].items()]
    return PagePart(
        "written",
        "What was written",
        ["The first sequences of the set, as they stand in synthetic.jsonl, .csv and .parquet beside this."],
        tables=[Table("First sequences", ["", "sequence"], rows)],
        folded=Table("The set by itself: docs/protocol.md explains each", ["measure", "value"], quality, {1}),
    )


def _log(told: Told) -> PagePart:
    """What the log holds, and what of it was left out."""
    rows = [
        [kind, f"{count:,}", reason, first]
        for kind, key in (("left out", "dropped"), ("mended", "repaired"))
        for reason, count, first in told[key]
    ]
    table = Table("Rows that are no behaviors as they stand", ["", "rows", "why", "first"], rows, {1})
    intro = [
        f"{told['rows']:,} rows of {told['path']} ({told['format']}) gave {told['behaviors']:,} behaviors of "
        f"{told['devices']} devices, {told['first']} to {told['last']}.",
        *told["notes"],
    ]
    return PagePart("log", "The log", intro, tables=[table] if rows else [])
