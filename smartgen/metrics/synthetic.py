"""How good a synthetic set is by itself, whatever is trained on it (ours).

A set should hold possible behaviors, should not copy the old log, and should look more like the new context's
real data than the old log does. What has no meaning (an empty set, no transition) is left out, never NaN.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from smartgen.core.types import ACTION, DEVICE, HOUR, Sequences
from smartgen.data.vocabulary import Vocabulary
from smartgen.metrics.nearest import nearest_distances

Values = NDArray[np.integer]
Shares = dict[str, float]
DRAWS = 20  # samples of real sequences, whose mean distance stands beside a set's


def synthetic_quality(
    synthetic: Sequences, source: Sequences, target: Sequences, vocabulary: Vocabulary
) -> dict[str, float]:
    """All that is told of a synthetic set, and the same of real data as a yardstick.

    Names begin with what is measured: ``set_`` the synthetic set, ``target_`` the real new sequences as if
    they had been written, ``source_`` the old log likewise, ``sampled_source_`` and ``sampled_target_`` as
    many of these as the set has (small sets lie farther from anything). Shares and distances lie in [0, 1];
    see ``against_log``, ``js_distances`` and ``coverage``.

    Args:
        synthetic: the written sequences.
        source, target: the old log and the real new sequences, as TSS splits them.
        vocabulary: of the home.

    Example:
        >>> home = Vocabulary(("Fan",), ("Fan:off", "Fan:on"))
        >>> old = Sequences.from_lists([[0, 2, 0, 1, 0, 3, 0, 0]])
        >>> found = synthetic_quality(old, old, old, home)
        >>> found["set_validity"], found["set_copies"], found["set_js_device_target"]
        (1.0, 1.0, 0.0)
    """
    return {
        **_prefixed("set", against_log(synthetic, source, vocabulary)),
        **_prefixed("set", js_distances(synthetic, source, vocabulary), "_source"),
        **_prefixed("set", js_distances(synthetic, target, vocabulary), "_target"),
        **_prefixed("set", coverage(synthetic, target)),
        **_prefixed("target", against_log(target, source, vocabulary)),
        **_prefixed("source", js_distances(source, target, vocabulary), "_target"),
        **_prefixed("source", coverage(source, target)),
        **_prefixed("sampled_source", sampled(len(synthetic), source, target, vocabulary), "_target"),
        **_prefixed("sampled_target", sampled(len(synthetic), target, target, vocabulary), "_target"),
    }


def against_log(written: Sequences, log: Sequences, vocabulary: Vocabulary) -> Shares:
    """What a set is by itself and beside a log.

    - ``validity``: share of behaviors that are possible, see ``Vocabulary.is_valid``.
    - ``novelty``: share of the distinct sequences that the log does not hold, all four fields compared.
    - ``copies``: share of all sequences that the log holds verbatim.
    - ``duplicates``: share of all sequences that repeat an earlier one of the set.
    - ``new_pairs``: share of the distinct (device, action) pairs that the log never has.
    - ``nearest_mean``, ``nearest_median``: normalised edit distance to the nearest sequence of the log, equal
      but for the day counting as the same; ``nearest_any_hour_mean``: equal but for day and hour.

    Example:
        >>> home = Vocabulary(("Fan",), ("Fan:off", "Fan:on"))
        >>> log = Sequences.from_lists([[0, 2, 0, 1]])
        >>> found = against_log(Sequences.from_lists([[0, 2, 0, 1], [1, 2, 0, 0], [1, 2, 0, 0]]), log, home)
        >>> found["novelty"], found["new_pairs"], found["nearest_median"]
        (0.5, 0.5, 1.0)
    """
    known, contents = set(log.contents()), written.contents()
    distinct, logged, pairs = set(contents), log.pairs(), written.pairs()
    new = [pair not in logged for pair in pairs]
    possible = [vocabulary.is_valid(*pair, logged) for pair in pairs]
    found = {
        "validity": _share(possible, pairs.values()),
        "novelty": _share(content not in known for content in distinct),
        "copies": _share(content in known for content in contents),
        "duplicates": 1 - len(distinct) / len(contents) if contents else None,
        "new_pairs": _share(new),
    }
    return {name: share for name, share in found.items() if share is not None} | _nearest(written, log)


def coverage(written: Sequences, real: Sequences) -> Shares:
    """How much of real sequences a set has.

    - ``coverage_devices``: share of the real sequences' distinct devices.
    - ``coverage_behaviors``: share of their behaviors whose device the set has.
    - ``coverage_pairs``: share of their behaviors whose (device, action) pair it has.

    Example:
        >>> real = Sequences.from_lists([[0, 2, 0, 1, 0, 3, 0, 0], [0, 2, 5, 9, 0, 3, 5, 9]])
        >>> coverage(Sequences.from_lists([[0, 2, 0, 1]]), real)
        {'coverage_devices': 0.5, 'coverage_behaviors': 0.5, 'coverage_pairs': 0.25}
    """
    if not len(real.values):
        return {}
    had, pairs = written.pairs(), real.pairs()
    devices = {device for device, _ in had}
    wanted = {device for device, _ in pairs}
    found = {
        "coverage_devices": _share(device in devices for device in wanted),
        "coverage_behaviors": _share((device in devices for device, _ in pairs), pairs.values()),
        "coverage_pairs": _share((pair in had for pair in pairs), pairs.values()),
    }
    return {name: share for name, share in found.items() if share is not None}


def js_distances(first: Sequences, second: Sequences, vocabulary: Vocabulary) -> Shares:
    """Jensen-Shannon distances of devices, hours, and pairs of actions that follow one another.

    Every behavior counts, and every step inside a sequence, however often it repeats.

    Example:
        >>> home = Vocabulary(("Fan", "Light"), ("Fan:on", "Light:on"))
        >>> fan, light = Sequences.from_lists([[0, 2, 0, 0]]), Sequences.from_lists([[0, 2, 1, 1]])
        >>> js_distances(fan, light, home)
        {'js_device': 1.0, 'js_hour': 0.0}
    """
    one, other = _observed(first, vocabulary), _observed(second, vocabulary)
    found = {name: js_distance(one[name], other[name]) for name in one}
    return {f"js_{name}": distance for name, distance in found.items() if distance is not None}


def js_distance(first: Values, second: Values) -> float | None:
    """The Jensen-Shannon distance of two samples of names: the square root of the divergence in bits.

    0 is the same distribution, 1 no name in common; symmetric, and a metric.

    Args:
        first, second: (n,) and (m,) observed names, as whole numbers.

    Returns:
        None where a sample is empty.

    Example:
        >>> js_distance(np.array([1, 2]), np.array([2, 1, 1, 2])), js_distance(np.array([1]), np.array([2]))
        (0.0, 1.0)
    """
    if not len(first) or not len(second):
        return None
    names, which = np.unique(np.concatenate([first, second]), return_inverse=True)
    parts = which[: len(first)], which[len(first) :]
    p, q = (np.bincount(part, minlength=len(names)) / len(part) for part in parts)
    divergence = (_bits(p, (p + q) / 2) + _bits(q, (p + q) / 2)) / 2
    return float(np.sqrt(min(max(divergence, 0.0), 1.0)))


def sampled(size: int, drawn: Sequences, real: Sequences, vocabulary: Vocabulary) -> Shares:
    """Jensen-Shannon distances to real sequences of ``size`` drawn ones, with replacement.

    The mean of 20 draws, which are always the same. A sample lies away from what it is drawn from, the more
    so the smaller it is: what a written set is compared with should be of its size.

    Args:
        size: sequences in a draw.
        drawn: from which they are drawn.
        real: to which they are compared.

    Example:
        >>> home = Vocabulary(("Fan",), ("Fan:on",))
        >>> one = Sequences.from_lists([[0, 2, 0, 0]])
        >>> sampled(3, one, one, home)
        {'js_device': 0.0, 'js_hour': 0.0}
    """
    if not size or not len(drawn):
        return {}
    rng = np.random.default_rng(0)
    told: dict[str, list[float]] = {}
    for _ in range(DRAWS):
        sample = drawn.take(rng.integers(0, len(drawn), size))
        for name, distance in js_distances(sample, real, vocabulary).items():
            told.setdefault(name, []).append(distance)
    return {name: float(np.mean(distances)) for name, distances in told.items()}


def _nearest(written: Sequences, log: Sequences) -> Shares:
    if not len(written) or not len(log):
        return {}
    nearest = nearest_distances(written, log)
    any_hour = nearest_distances(written, log, (DEVICE, ACTION))
    return {
        "nearest_mean": float(nearest.mean()),
        "nearest_median": float(np.median(nearest)),
        "nearest_any_hour_mean": float(any_hour.mean()),
    }


def _observed(sequences: Sequences, vocabulary: Vocabulary) -> dict[str, Values]:
    """What is counted: devices, hours, and steps from action to action, each step as one number."""
    actions = sequences.values[:, ACTION].astype(np.int64)
    inner = np.ones(len(actions), dtype=bool)
    inner[sequences.offsets[:-1][sequences.lengths > 0]] = False
    after = np.flatnonzero(inner)
    steps = actions[after - 1] * len(vocabulary.actions) + actions[after]
    return {"device": sequences.values[:, DEVICE], "hour": sequences.values[:, HOUR], "transition": steps}


def _bits(p: NDArray[np.float64], q: NDArray[np.float64]) -> float:
    """Kullback-Leibler divergence of p from q in bits; q is above 0 wherever p is."""
    has = p > 0
    return float((p[has] * np.log2(p[has] / q[has])).sum())


def _share(holds: Iterable[bool], weights: Iterable[int] | None = None) -> float | None:
    """The weighted share of what holds; None of nothing."""
    flags = list(holds)
    heavy = [1] * len(flags) if weights is None else list(weights)
    whole = sum(heavy)
    return sum(n for flag, n in zip(flags, heavy, strict=True) if flag) / whole if whole else None


def _prefixed(prefix: str, found: Mapping[str, float], suffix: str = "") -> Shares:
    return {f"{prefix}_{name}{suffix}": value for name, value in found.items()}
