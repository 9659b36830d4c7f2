"""Saved models: settings in JSON, weights as safetensors, the checksum made right."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from random import Random

import numpy as np
from safetensors.numpy import load, save

from fuzzing.mutate import NUMBERS, json_mutated, mutated
from fuzzing.readers.home import LOG
from fuzzing.readers.trained import SETTINGS, kept
from fuzzing.target import Reader
from smartgen.commands.score import _zone
from smartgen.saved import WEIGHTS, load_pair
from smartgen.scoring.answers import Models
from smartgen.scoring.session import Session, written

LINES = (
    b'{"sequence": [["Monday", "(6~9)", "Light", "Light:on"], [0, 3, "Fan", "Fan:off"]]}',
    b'{"day": "Sunday", "hour": 7, "action": "Fan:on"}',
)
SIZE = 4  # bytes that tell where the weights begin


def models(folder: Path) -> Reader:
    """A model of a case is loaded, and asked: each line has an answer, which is JSON."""
    place = folder / "case"
    place.mkdir()
    file = place / "model.json"

    def read(data: bytes) -> bool:
        told, weights = parts(data)
        file.write_bytes(_with_checksum(told, weights))
        file.with_suffix(WEIGHTS).write_bytes(weights)
        found = load_pair(place)
        for one in found:
            one.score(LOG)
        zone = next((_zone(one.zone, "the model's zone") for one in found if one.zone), None)
        session = Session(Models.of(found, top=2), zone)
        answers = [json.loads(written(session.answer(line))) for line in LINES]
        return not any("error" in answer for answer in answers)

    words = (
        *SETTINGS,
        "detector",
        "predictor",
        "token_predictor",
        "TransAESettings",
        "Light:on",
        "UTC",
        "../x",
        3,
        16,
    )
    seeds = []
    for name in ("seen", "transae", "markov", "hmm", "isolation_forest"):
        made = kept(folder, name)
        seeds.append(joined(made.read_bytes(), made.with_suffix(WEIGHTS).read_bytes()))

    def mutate(data: bytes, rng: Random) -> bytes:
        told, weights = parts(data)
        draw = rng.random()
        if draw < 0.6:
            return joined(json_mutated(told, rng, words), weights)
        if draw < 0.8:
            return joined(told, mutated(weights[: 8 + 2000], rng) + weights[2008:])
        return joined(told, _other_weights(weights, rng))

    return Reader("models", read, tuple(seeds), mutate, "model")


def joined(told: bytes, weights: bytes) -> bytes:
    """A case."""
    return len(told).to_bytes(SIZE, "little") + told + weights


def parts(data: bytes) -> tuple[bytes, bytes]:
    """The JSON and the weights of a case."""
    end = SIZE + int.from_bytes(data[:SIZE], "little")
    return data[SIZE:end], data[end:]


def _with_checksum(told: bytes, weights: bytes) -> bytes:
    """The JSON with the right checksum in place of the one that is there; without one, as it is."""
    try:
        content = json.loads(told)
        if isinstance(content, dict) and "sha256" in content:
            return json.dumps(content | {"sha256": hashlib.sha256(weights).hexdigest()}).encode()
    except (ValueError, RecursionError):
        pass
    return told


def _other_weights(weights: bytes, rng: Random) -> bytes:
    """One array renamed, left out, or of other type, shape or numbers; in a right file."""
    try:
        arrays = load(weights)
    except Exception:  # bytes of an earlier mutation, whatever they are
        return mutated(weights, rng)
    if not arrays:
        return mutated(weights, rng)
    name = rng.choice(list(arrays))
    array = arrays.pop(name)
    draw = rng.random()
    if draw < 0.2:
        arrays[rng.choice((*arrays, "x", ""))] = array
    elif draw < 0.4:
        arrays[name] = array.astype(
            rng.choice((np.float64, np.float32, np.int64, np.int8, np.bool_, np.float16))
        )
    elif draw < 0.6:
        arrays[name] = array[..., :1] if array.ndim and rng.random() < 0.5 else array[None]
    elif draw < 0.95 and array.size:
        other = array.copy().reshape(-1)
        worst = (
            (*NUMBERS[:8], -1, 1e30, np.nan, np.inf) if other.dtype.kind == "f" else (0, 1, -1, 99, 2**31 - 1)
        )
        other[rng.randrange(other.size)] = np.array(rng.choice(worst)).astype(other.dtype)
        arrays[name] = other.reshape(array.shape)
    return bytes(save({key: np.ascontiguousarray(one) for key, one in arrays.items()}))
