"""Which entities of a recorder database people act on, and on whose clock they live (ours)."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from smartgen.core.errors import SmartgenError
from smartgen.core.foreign import read_json
from smartgen.data.logs.clock import known_zone
from smartgen.data.logs.home_assistant_rules import Rule, rule_of
from smartgen.data.logs.tally import Tally
from smartgen.logs_settings import LogsSettings

NO_ENTITY: Final = "names no entity"
NO_TEXT: Final = "names an entity by bytes that are no text"
EXCLUDED: Final = "left out by dataset.exclude"
READING: Final = "a reading of"  # and the domain
NO_JSON: Final = "attributes that are no JSON, in which a device_class may stand"
NO_CLASS: Final = "a binary_sensor whose device_class cannot be read"


@dataclass(frozen=True)
class Kept:
    """An entity that people act on.

    Args:
        number: its ``metadata_id``.
        name: its id, ``light.kitchen``.
        rule: what its states mean.
    """

    number: int
    name: str
    rule: Rule


def choose(database: sqlite3.Connection, settings: LogsSettings, path: Path, tally: Tally) -> list[Kept]:
    """Entities with a rule. The rows of all are counted, those of the others dropped without reading them.

    Raises:
        SmartgenError: no row, or no such entity.
    """
    names = dict(database.execute("SELECT metadata_id, entity_id FROM states_meta"))
    _note_globs(settings, [name for name in names.values() if isinstance(name, str)], tally)
    kept, domains = [], set()
    # no column but those of the index on metadata_id: rows are not read
    query = "SELECT metadata_id, COUNT(*), MIN(state_id) FROM states GROUP BY metadata_id"
    for number, count, row in database.execute(query):
        tally.rows += count
        name = names.get(number)
        if not name:
            tally.drop(NO_ENTITY, count, f"row {row}, metadata_id {'NULL' if number is None else number}")
            continue
        if not isinstance(name, str):
            tally.drop(NO_TEXT, count, f"row {row}, metadata_id {number}: {name!r:.40}")
            continue
        domains.add(name.partition(".")[0])
        rule, reason = _rule(database, number, name, settings, tally)
        if rule is None:
            tally.drop(reason, count, f"row {row} ({name})")
        else:
            kept.append(Kept(number, name, rule))
    _check_some(path, tally, kept, domains)
    return kept


def _check_some(path: Path, tally: Tally, kept: list[Kept], domains: set[str]) -> None:
    if not tally.rows:
        raise SmartgenError(f"{path}: its table states holds no row; Home Assistant has recorded nothing yet")
    if not kept:
        found = ", ".join(f"{one:.40}" for one in sorted(domains)[:20]) or "none"
        raise SmartgenError(
            f"{path}: none of its entities is one that people act on (domains: {found}); "
            "dataset.include lets others in"
        )


def _rule(
    database: sqlite3.Connection, number: int, name: str, settings: LogsSettings, tally: Tally
) -> tuple[Rule | None, str]:
    """An entity's rule, or None and why it is left out."""
    domain = name.partition(".")[0]
    if _matches(name, settings.exclude):
        return None, EXCLUDED
    kind, unread = (
        _device_class(database, number, name, tally) if domain == "binary_sensor" else (None, False)
    )
    rule = rule_of(domain, kind, _matches(name, settings.include))
    if unread and rule is not None:
        tally.repair(f"{NO_CLASS}, taken for no door or window", 1, name)
    return rule, NO_CLASS if unread else f"{READING} {domain:.40}{f' ({kind:.40})' if kind else ''}"


def _matches(name: str, globs: list[str]) -> bool:
    return any(fnmatchcase(name, glob) for glob in globs)


def _note_globs(settings: LogsSettings, names: list[str], tally: Tally) -> None:
    for key, globs in (("include", settings.include), ("exclude", settings.exclude)):
        for glob in globs:
            if not any(fnmatchcase(name, glob) for name in names):
                tally.note(f"dataset.{key} has {glob!r}, which fits no entity of the database")


def _device_class(
    database: sqlite3.Connection, number: int, name: str, tally: Tally
) -> tuple[str | None, bool]:
    """Of the newest row that tells it: while an integration loads, rows may have no attributes.

    Returns:
        The class, or None; whether there is none because attributes are damaged.
    """
    rows = database.execute(
        "SELECT attributes_id, shared_attrs FROM states JOIN state_attributes USING (attributes_id) "
        "WHERE metadata_id = ? AND shared_attrs IS NOT NULL ORDER BY last_updated_ts DESC",
        (number,),
    )
    seen: set[int] = set()
    damaged = False
    for key, text in rows:
        if key in seen:
            continue
        seen.add(key)
        attributes = _parsed(text)
        if attributes is None:
            damaged = True
            tally.repair(NO_JSON, 1, f"attributes_id {key} ({name})")
        elif "device_class" in attributes:
            found = attributes["device_class"]
            return found if isinstance(found, str) else None, False
    return None, damaged


def _parsed(text: str | bytes) -> dict[str, Any] | None:
    """Attributes; None: no JSON of such."""
    try:
        found = json.loads(text)
    except (TypeError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def home_zone(settings: LogsSettings, path: Path, tally: Tally) -> ZoneInfo:
    """The zone of the home, whose database knows UTC alone.

    Raises:
        SmartgenError: neither the settings nor Home Assistant's file beside the database name a known one.
    """
    if settings.zone is not None:
        return known_zone(settings.zone)
    file = path.absolute().parent / ".storage" / "core.config"
    name = "dataset.zone=Europe/Berlin"
    if not file.is_file():
        raise SmartgenError(
            f"{path}: its times are UTC, and no .storage/core.config beside it names the home's time zone; "
            f"name it, as {name}"
        )
    try:
        zone = read_json(file)["data"]["time_zone"]
        found = ZoneInfo(zone)
    except (OSError, ValueError, LookupError, TypeError) as error:  # ZoneInfoNotFoundError is a KeyError
        raise SmartgenError(
            f"{file}: has no known data.time_zone ({error}); name the home's time zone, as {name}"
        ) from error
    tally.note(f"the home's time zone is {zone}, by {file}")
    return found
