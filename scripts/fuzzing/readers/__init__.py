"""Every reader by its name; a module is imported when one of its readers is asked for."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Final

from fuzzing.target import Reader

# Name of the reader to the module and function that make it.
READERS: Final = {
    "pickle": ("pickles", "pickles"),
    "sequences": ("pickles", "sequences"),
    "recordings": ("pickles", "recordings"),
    "vocabulary": ("pickles", "vocabulary"),
    "csv": ("tables", "csv_logs"),
    "parquet": ("tables", "parquet_logs"),
    "mapping": ("tables", "mappings"),
    "recorder": ("databases", "recorder"),
    "cache": ("databases", "answer_cache"),
    "answers": ("answers", "answers"),
    "replies": ("answers", "replies"),
    "overrides": ("overrides", "overrides"),
    "records": ("records", "records"),
    "known": ("records", "known"),
    "journal": ("records", "journal"),
    "stages": ("arrays", "stages"),
    "models": ("models", "models"),
    "fetch": ("archives", "archives"),
    "lines": ("lines", "lines"),
}


def make(name: str, folder: Path) -> Reader:
    """The reader of a name.

    Args:
        folder: empty; its files go there.
    """
    module, function = READERS[name]
    found: Reader = getattr(import_module(f"fuzzing.readers.{module}"), function)(folder)
    return found
