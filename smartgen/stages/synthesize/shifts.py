"""The old log moved as an LLM says that devices and hours shift (ours; see ``smartgen.llm.shifts``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from smartgen.adaptation.actions import device_actions
from smartgen.adaptation.coupling import maximal_coupling
from smartgen.adaptation.moved import Shift, move, templates
from smartgen.adaptation.shares import Shares, field_shares
from smartgen.core.types import DEVICE, HOUR, Sequences
from smartgen.data.vocabulary import HOURS, Vocabulary
from smartgen.llm.shifts import UNCHANGED, USES, NamedShifts

COMMANDS = 1.0  # weight of the home's usual commands for a device that comes


def named_shares(old: Shares, names: Sequence[str], words: Mapping[str, str]) -> Shares:
    """The shares after the change: each times its word's factor, scaled to a sum of 1.

    What was never used and is to be used more gets the median share of what was used, before its factor.
    Where the words leave nothing, nothing changes.

    Example:
        >>> words = {"a": "never", "c": "more"}
        >>> named_shares(np.array([0.5, 0.5, 0.0]), ["a", "b", "c"], words).round(2).tolist()
        [0.0, 0.33, 0.67]
    """
    said = [words.get(name, UNCHANGED) for name in names]
    usual = float(np.median(old[old > 0])) if (old > 0).any() else 0.0
    begun = [usual if not share and word == "more" else share for share, word in zip(old, said, strict=True)]
    new = np.array(begun) * np.array([USES[word] for word in said])
    return new / new.sum() if new.sum() else old


def write_shifted(
    pieces: Sequences,
    named: NamedShifts,
    names: Sequence[str],
    vocabulary: Vocabulary,
    size: int,
    rng: np.random.Generator,
) -> Sequences:
    """Sequences of the old log, drawn and moved.

    Args:
        pieces: TSS's.
        names: of the vocabulary's devices, as the LLM knows them.
    """
    old = templates(pieces)
    devices = field_shares(old, DEVICE, len(names))
    hours = field_shares(old, HOUR, len(HOURS))
    actions = device_actions(pieces, pieces.take([]), vocabulary, COMMANDS)
    shift = Shift(
        maximal_coupling(devices, named_shares(devices, names, named.devices)),
        maximal_coupling(hours, named_shares(hours, HOURS, named.hours)),
        1.0,
        1.0,
        actions,
    )
    return move(pieces, shift, size, rng)
