"""Which records fill a cell: matching, one setting at a time, one record a seed.

Records that differ in anything but the seed are different settings and are never averaged. Where several
remain, the one that departs least from the declared defaults is taken, then the one with most seeds, then the
newest; the cell says so and names the filter that settles it.
"""

from __future__ import annotations

import difflib
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from smartgen.core.errors import SmartgenError
from smartgen.core.keys import canonical_json, flatten
from smartgen.core.records import Record, result_digest
from smartgen.data.plain_yaml import load_yaml

MISSING = object()
NONE = "(none)"  # how a filter says that a record has no such key
SHOWN_SETTINGS = 3


@dataclass(frozen=True)
class Choice:
    """The records of one setting, one a seed by seed, and what a reader must know of the choice."""

    records: tuple[Record, ...] = ()
    note: str = ""


def parse_where(filters: Sequence[str]) -> dict[str, Any]:
    """`key=value` filters, values read as YAML does: 1 is a number, true a boolean.

    Example:
        >>> parse_where(["trainer.threads=1", "regime=synthetic"])
        {'trainer.threads': 1, 'regime': 'synthetic'}

    Raises:
        SmartgenError: a filter of another form, or a key named twice.
    """
    found: dict[str, Any] = {}
    for text in filters:
        key, equals, value = text.partition("=")
        if not key or not equals or key in found:
            raise SmartgenError(f"--where {text}: expected key=value, each key once, as in trainer.threads=1")
        try:
            found[key] = load_yaml(value)
        except (ValueError, yaml.YAMLError) as error:
            raise SmartgenError(
                f"--where {text}: expected a number, a word or quoted text as value"
            ) from error
    return found


def check_where(where: Mapping[str, Any], records: Sequence[Record]) -> None:
    """Refuse a filter on a key that no record has: it would show every cell as not run.

    Raises:
        SmartgenError: such a key; the message has the closest ones that there are.
    """
    done = [record for record in records if record.ok]
    for key in where:
        if done and all(lookup(record, key) is MISSING for record in done):
            known = sorted({name for record in done for name in (*record.axes, *flatten(record.config))})
            close = difflib.get_close_matches(key, known, 3, 0.4) or known[:5]
            raise SmartgenError(f"--where {key}: no record has this key; close ones: {', '.join(close)}")


def lookup(record: Record, key: str) -> Any:
    """An axis, or else a setting by its dotted path; a group that has a `name` answers with it."""
    if key in record.axes:
        return record.axes[key]
    value: Any = record.config
    for part in key.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return MISSING
        value = value[part]
    return value.get("name", MISSING) if isinstance(value, Mapping) else value


def matches(record: Record, wanted: Mapping[str, Any]) -> bool:
    """Whether a record has all wanted values; of a tuple any one.

    A failed cell's record holds axes alone, so what it does not say is not held against it.
    """
    for key, value in wanted.items():
        found, fitting = lookup(record, key), value if isinstance(value, tuple) else (value,)
        absent = found is MISSING and (NONE in fitting or not record.ok)
        if not absent and not any(_same(found, one) for one in fitting):
            return False
    return True


def choose(records: Iterable[Record], defaults: Mapping[str, Any]) -> Choice:
    """Of the finished records that match a cell, those of one setting, one a seed."""
    groups: dict[str, list[Record]] = {}
    for record in records:
        groups.setdefault(record.setting_digest, []).append(record)
    if not groups:
        return Choice()
    ranked = sorted(groups.values(), key=lambda group: _rank(group, defaults), reverse=True)
    chosen, doubles = _one_a_seed(ranked[0])
    notes = (_others(ranked), _departures(chosen[0], defaults), doubles)
    return Choice(chosen, "; ".join(note for note in notes if note))


def setting(record: Record) -> Mapping[str, Any]:
    """All that tells one setting from another, by dotted name: axes and config without the seed."""
    return record.setting


def differing(settings: Sequence[Mapping[str, Any]]) -> list[str]:
    """The keys in which settings differ, one that lacks a key included."""
    keys = sorted({key for one in settings for key in one})
    return [key for key in keys if len({_comparable(one.get(key, NONE)) for one in settings}) > 1]


def _comparable(value: Any) -> Any:
    """A value that can stand in a set and is no other: 1, 1.0 and true are three."""
    return (type(value), value) if isinstance(value, str | bool | int | float) else canonical_json(value)


def seed_of(record: Record) -> Any:
    """The seed axis; None where a record has none."""
    seed = lookup(record, "seed")
    return None if seed is MISSING else seed


def seeded_apart(records: Iterable[Record]) -> set[Any]:
    """Synthesizers whose own seed is not the cell's in some record, so that it is a setting like others."""
    seeds = [(lookup(r, "synthesizer.name"), lookup(r, "synthesizer.seed"), seed_of(r)) for r in records]
    return {name for name, own, of_cell in seeds if own is not MISSING and own != of_cell}


def when(record: Record) -> str:
    """When the cell was finished, ISO 8601; empty where the record does not say."""
    return str(record.run.get("finished") or record.run.get("started") or "")


def _same(value: Any, wanted: Any) -> bool:
    return bool(value == wanted) and isinstance(value, bool) == isinstance(wanted, bool)


def _age(record: Record) -> tuple[str, str]:
    return when(record), record.key


def _rank(group: Sequence[Record], defaults: Mapping[str, Any]) -> tuple[int, int, tuple[str, str]]:
    """Higher is preferred: fewer departures from the defaults, more seeds, newer."""
    seeds = {canonical_json(seed_of(record)) for record in group}
    return -len(_departing(group[0], defaults)), len(seeds), max(map(_age, group))


def _departing(record: Record, defaults: Mapping[str, Any]) -> list[str]:
    found = {key: lookup(record, key) for key in defaults}
    wanted = {key: _default(record, value) for key, value in defaults.items()}
    return [key for key, value in found.items() if value is not MISSING and not _same(value, wanted[key])]


def _default(record: Record, value: Any) -> Any:
    """A default, or where it is "=" and a path, what the record itself has there."""
    if isinstance(value, str) and value.startswith("="):
        return lookup(record, value[1:])
    return value


def _departures(record: Record, defaults: Mapping[str, Any]) -> str:
    said = [
        f"{key}={lookup(record, key)}, default {_default(record, defaults[key])}"
        for key in _departing(record, defaults)
    ]
    return f"departs from the declared settings: {'; '.join(said)}" if said else ""


def _others(ranked: Sequence[Sequence[Record]]) -> str:
    """How many settings there were, and the filters that make the choice explicit."""
    if len(ranked) < 2:
        return ""
    settings = [setting(group[0]) for group in ranked]
    keys = differing(settings)
    named = " ".join(_filter(key, settings[0].get(key, NONE)) for key in keys[:SHOWN_SETTINGS])
    more = f" and {len(keys) - SHOWN_SETTINGS} more" if len(keys) > SHOWN_SETTINGS else ""
    return f"{len(ranked)} settings recorded, one shown: pass {named}{more}"


def _filter(key: str, value: Any) -> str:
    """A filter as a shell and ``parse_where`` read it."""
    text = "null" if value is None else str(value)
    return f"--where {shlex.quote(f'{key}={text}')}"


def _one_a_seed(group: Sequence[Record]) -> tuple[tuple[Record, ...], str]:
    """The newest record of each seed. Doubles arise where code or inputs, not settings, changed."""
    newest: dict[str, Record] = {}
    changed: dict[str, None] = {}
    for record in sorted(group, key=_age):
        seed = canonical_json(seed_of(record))
        if seed in newest and result_digest(newest[seed]) != result_digest(record):
            changed[seed] = None
        newest[seed] = record
    chosen = sorted(newest.values(), key=lambda record: (str(type(seed_of(record))), seed_of(record) or 0))
    note = f"seed {', '.join(changed)} recorded with different results, newest shown" if changed else ""
    return tuple(chosen), note
