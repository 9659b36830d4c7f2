"""Overrides of the command line: composed into settings, or refused in one line.

Hydra reads and merges some forty files for a cell, a quarter of a second. So most cases take a short way: the
grammar in full, what is typed applied to a copy of a config that was composed once, and the settings made of
it, as Hydra does behind the merging. One of ``WHOLE`` goes both ways, whose outcomes have to be equal. Of
overrides that choose files (``detector=lof``) or sweep, which know no short way, one of ``CHOOSING`` is
composed; of the others the grammar alone is read, and they count as empty. Schemas are registered, and the
keys for "did you mean" gathered, once instead of at each case.
"""

from __future__ import annotations

import contextlib
import pickle
import zlib
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from random import Random
from unittest.mock import patch

from hydra import compose, initialize_config_dir
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import OmegaConf

from fuzzing.mutate import with_tokens
from fuzzing.target import Reader
from smartgen import config
from smartgen.config import config_dir, explain, register_schemas, spoken, to_settings
from smartgen.core.errors import SmartgenError
from smartgen.overrides import with_spelled_keys
from smartgen.settings import CellSettings

WHOLE, CHOOSING = 400, 40
MOST = 400  # bytes of a case; Hydra repeats what was typed when it refuses it
BASE = ("dataset=demo", "detector=transae", "stage/ssc=none", "tracking=none")
SEEDS = (
    "seed=3",
    "trainer.threads=2\nforce=true",
    "detector.d_model=16\ndetector.epochs=2",
    "transition.source=winter\ntransition.target=warm spring, windows open",
    "dataset.name='it\\'s'\npaths.outputs=\"a b\"",
    "+detector.x=1",
    "~detector.d_model",
    "trainer={threads: 1, progress: true}",
    "paths.outputs=${paths.release}/x",
    "seed=1,2",
    "detector=lof",
)
TOKENS = (
    *(
        b"=",
        b".",
        b"+",
        b"++",
        b"~",
        b"@",
        b":",
        b",",
        b"'",
        b'"',
        b"\\",
        b"{",
        b"}",
        b"[",
        b"]",
        b"(",
        b")",
        b"\n",
        b" ",
    ),
    *(
        b"${seed}",
        b"${oc.env:HOME}",
        b"${x}",
        b"${",
        b"${hydra:job.name}",
        b"null",
        b"true",
        b"1e999",
        b"nan",
        b"-1",
    ),
    *(
        b"choice(1,2)",
        b"range(0,3)",
        b"glob(*)",
        b"sort(",
        b"int(",
        b"str(",
        b"???",
        b"hydra.mode=RUN",
        b"_target_=",
    ),
    *(
        b"\xc3\xb6ffnen",
        b"\xff",
        b"\xe2\x80\xa8",
        b"\x1b[31m",
        b"detector.",
        b"seed",
        b"trainer.",
        b"dataset.path=",
        b"9" * 5000,
    ),
    *(
        b"detector=",
        b"dataset=demo",
        b"stage/ssc=none",
        b"protocol=unified",
        b"task=prediction",
        b"experiment=x",
        b"=" * 40,
    ),
)


def overrides(folder: Path) -> Reader:
    """Words as a shell gives them, one a line."""
    register_schemas()
    keys = tuple(config._known_keys())
    with initialize_config_dir(str(config_dir()), version_base="1.3"):
        base = pickle.dumps(compose("config", overrides=list(BASE)))
        groups = {one.name for one in config_dir().rglob("*") if one.is_dir()}
    change = with_tokens(*TOKENS)

    @patch.object(config, "_known_keys", lambda: iter(keys))
    def read(data: bytes) -> bool:
        words = data[:MOST].replace(b"\0", b"").decode("utf-8", "surrogateescape").split("\n")
        words = [spoken(word) for word in words]
        number = zlib.crc32(data)
        parsed = _parsed(words)
        paths = [_path(word) for word in words]
        sweeps = any(one.is_sweep_override() or one.is_hydra_override() for one in parsed)
        if sweeps or any("/" in path or path in groups for path in paths):
            return number % CHOOSING == 0 and isinstance(_whole(words), CellSettings)
        if number % WHOLE == 0:
            short, whole = _outcome(lambda: _short(base, parsed)), _outcome(lambda: _whole(words))
            assert short == whole, (short, whole)
        return isinstance(_short(base, parsed), CellSettings)

    def mutate(data: bytes, rng: Random) -> bytes:
        if rng.random() < 0.2:
            data = data + b"\n" + rng.choice(SEEDS).encode()
        return change(data, rng)[:MOST]

    seeds = tuple(seed.encode() for seed in SEEDS)
    # Types of settings are evaluated from their names; the copy of the config is a pickle of our own.
    allowed = frozenset({"compile", "exec", "pickle.find_class"})
    return Reader("overrides", read, seeds, mutate, "", allowed, TOKENS)


def _path(word: str) -> str:
    """What is before the equals sign."""
    return word.lstrip("+~").partition("=")[0].partition("@")[0].strip()


def _parsed(words: list[str]) -> list[Override]:
    """Overrides by Hydra's grammar.

    Raises:
        SmartgenError: as `compose_cell`, of which this and the two functions below are the parts.
    """
    try:
        return OverridesParser.create().parse_overrides([*map(with_spelled_keys, words)])
    except HydraException as error:
        raise SmartgenError(explain(error)) from error


def _short(base: bytes, parsed: list[Override]) -> CellSettings:
    """The settings of these overrides, without merging files anew."""
    made = pickle.loads(base)
    OmegaConf.set_struct(made, True)
    try:
        ConfigLoaderImpl._apply_overrides_to_config(parsed, made)
    except HydraException as error:
        raise SmartgenError(explain(error)) from error
    return to_settings(made)


def _whole(words: list[str]) -> CellSettings:
    """The same by all of Hydra."""
    try:
        with initialize_config_dir(str(config_dir()), version_base="1.3"):
            return to_settings(compose("config", overrides=[*BASE, *map(with_spelled_keys, words)]))
    except HydraException as error:
        raise SmartgenError(explain(error)) from error


def _outcome(made: Callable[[], CellSettings]) -> str | None:
    """The settings, or that there are none."""
    with contextlib.suppress(SmartgenError):
        return repr(asdict(made()))
    return None
