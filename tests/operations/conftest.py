"""Counters of operations, the demo home, and cells of it: what is counted here needs no clock."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from smartgen.core.types import Sequences
from smartgen.data.demo.simulate import simulate
from smartgen.data.demo.vocabulary import demo_vocabulary
from smartgen.data.vocabulary import Vocabulary
from smartgen.stages.tss import split_sequences

HOUSEHOLD = 2024


def beside(name: str) -> ModuleType:
    """A module of this folder, which is no package."""
    spec = importlib.util.spec_from_file_location(f"operations_{name}", Path(__file__).parent / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def counting() -> ModuleType:
    """The module of counters."""
    return beside("counting")


@pytest.fixture(scope="session")
def vocabulary() -> Vocabulary:
    """Of the demo home."""
    return demo_vocabulary()


@pytest.fixture(scope="session")
def pieces(vocabulary: Vocabulary) -> Sequences:
    """Two winter weeks of the demo home, split, and half of them again: 72 sequences, 46 different ones."""
    found = split_sequences(simulate("winter", HOUSEHOLD, 14), vocabulary)
    return Sequences.concatenate([found, found[: len(found) // 2]])
