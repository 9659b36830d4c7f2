"""What a log consists of: the share of each device and of each time of day (paper Figure 4)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from smartgen.core.types import DEVICE, HOUR, Sequences
from smartgen.data.vocabulary import HOURS, Vocabulary

FIELDS = ("device", "hour")
SEPARATOR = "/"


def distribution(sequences: Sequences, vocabulary: Vocabulary) -> dict[str, dict[str, float]]:
    """Share of all behaviors by device and by bucket of three hours; empty where there is no behavior.

    Args:
        sequences: a log; every behavior counts, however often it repeats (paper: not said).
        vocabulary: of the home. Devices that never occur are left out, hours are not.

    Example:
        >>> home = Vocabulary(("Fan", "Light"), ("Fan:off", "Fan:on"))
        >>> found = distribution(Sequences.from_lists([[0, 2, 0, 1, 0, 7, 0, 0]]), home)
        >>> found["device"], found["hour"]["06-09"], found["hour"]["00-03"]
        ({'Fan': 1.0}, 0.5, 0.0)
    """
    count = len(sequences.values)
    if not count:
        return {field: {} for field in FIELDS}
    devices = np.bincount(sequences.values[:, DEVICE], minlength=len(vocabulary.devices)) / count
    hours = np.bincount(sequences.values[:, HOUR], minlength=len(HOURS)) / count
    used = {name: float(share) for name, share in zip(vocabulary.devices, devices, strict=True) if share}
    return {"device": used, "hour": {clock(k): float(share) for k, share in enumerate(hours)}}


def clock(bucket: int) -> str:
    """A bucket's hours.

    Example:
        >>> clock(0), clock(7)
        ('00-03', '21-24')
    """
    return f"{3 * bucket:02}-{3 * bucket + 3:02}"


def flat(found: Mapping[str, Mapping[str, Mapping[str, float]]]) -> dict[str, float]:
    """Distributions of several logs as a record holds them: ``device/source/Fan``.

    Args:
        found: by log (source, synthetic, target) what ``distribution`` gives.
    """
    return {
        SEPARATOR.join((field, log, name)): share
        for log, fields in found.items()
        for field, shares in fields.items()
        for name, share in shares.items()
    }
