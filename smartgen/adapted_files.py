"""What an adaptation leaves beside its record: the written sequences in three formats, and a model card."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from smartgen.core.provenance import provenance
from smartgen.core.texts import as_text
from smartgen.core.types import Sequences
from smartgen.data.export import behavior_table
from smartgen.data.vocabulary import Vocabulary
from smartgen.saved import Trained
from smartgen.settings import CellSettings

COLUMNS = ("sequence", "position", "day", "hour", "device", "action")


def synthetic_files(sequences: Sequences, vocabulary: Vocabulary, stem: str) -> dict[str, bytes]:
    """Sequences in words as JSON lines and CSV, and as Parquet with ids and words.

    Args:
        stem: of the files' names.

    Returns:
        Content by name: ``.jsonl`` has one ``{"sequence": [[day, hour, device, action], ...]}`` a line,
        ``.csv`` and ``.parquet`` one row a behavior; in the CSV a name that a spreadsheet would take for a
        formula has an apostrophe before it.
    """
    lines = (
        json.dumps({"sequence": row}, ensure_ascii=False) + "\n" for row in _words(sequences, vocabulary)
    )
    return {
        f"{stem}.jsonl": "".join(lines).encode(),
        f"{stem}.csv": _csv(sequences, vocabulary).encode(),
        f"{stem}.parquet": _parquet(sequences, vocabulary),
    }


def _words(sequences: Sequences, vocabulary: Vocabulary) -> Iterator[list[list[str]]]:
    for sequence in sequences:
        yield [list(vocabulary.words(behavior)) for behavior in sequence]


def _csv(sequences: Sequences, vocabulary: Vocabulary) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for number, sequence in enumerate(_words(sequences, vocabulary)):
        writer.writerows([number, place, *map(as_text, words)] for place, words in enumerate(sequence))
    return out.getvalue()


def _parquet(sequences: Sequences, vocabulary: Vocabulary) -> bytes:
    import pyarrow.parquet as pq

    out = io.BytesIO()
    pq.write_table(behavior_table(sequences, vocabulary, "logs", "written", "synthetic"), out)
    return out.getvalue()


def model_card(cell: CellSettings, models: Sequence[Trained], changes: Mapping[str, Any]) -> str:
    """What the models beside it are, were trained on and are worth, in Markdown."""
    of, version = changes["counts"], provenance()["versions"]["smartgen"]
    lines = [
        f"# Models of the home {cell.dataset.name}, adapted",
        "",
        f"From *{changes['before']}* to *{changes['after']}*, by smartgen {version}; trained in regime "
        f"`{cell.regime}` on {of['source']:,} pieces of the old log and {of['synthetic']:,} written "
        f"sequences (synthesizer `{cell.synthesizer.name}`), seed {cell.seed}.",
        "",
        *(line for one in models for line in _about(one)),
        "",
        "## What they are worth",
        "",
        *_worth(changes),
        "",
        "## Use",
        "",
        "`smartgen-score FOLDER` reads behaviors as JSON lines and answers each with a score, the threshold "
        "and the likeliest next actions; FOLDER is the one above this. Weights are safetensors, beside a "
        "JSON file with vocabulary, settings and threshold; nothing is pickled.",
        "",
        "## Limits",
        "",
        "A flag is a surprise, no proof of an intrusion. A device or action that the vocabulary does not "
        "hold cannot be scored. The files name the home's devices and habits: keep them as private as the "
        "log.",
    ]
    return "\n".join(lines) + "\n"


def _about(one: Trained) -> list[str]:
    settings = one.blueprint.settings
    told = f"- `{one.name}`: {settings.name}, {len(one.blueprint.vocabulary.devices)} devices and "
    told += f"{len(one.blueprint.vocabulary.actions)} actions"
    if one.threshold is not None:
        budget = one.blueprint.budget
        percent = "" if budget is None else f", the {budget.percentile:g}th percentile of what was held out"
        told += f"; flagged above {one.threshold.value:.6g}{percent}"
    return [told]


def _worth(changes: Mapping[str, Any]) -> list[str]:
    rows = changes["benefit"]["rows"]
    if not rows:
        return [f"Not measured: {changes['benefit']['why']}."]
    regimes = changes["benefit"]["regimes"]
    table = [
        f"| real sequences of the new context | {' | '.join(regimes)} |",
        f"|---|{'--:|' * len(regimes)}",
    ]
    table += [f"| {row['name']} | {' | '.join(f'{value:.3f}' for value in row['values'])} |" for row in rows]
    return table
