"""What a model has learned, as arrays by name: enough to give it to a fresh model of the same settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[Any]]


class Learned:
    """``state`` and ``restore`` of a model; one that counts only names what it learned (ours).

    Attributes:
        learned: names of the attributes, arrays or numbers, that training sets and scoring reads.
    """

    learned: ClassVar[tuple[str, ...]] = ()

    def state(self) -> dict[str, NDArray[Any]]:
        """What was learned, as arrays by name."""
        return {name: np.asarray(getattr(self, name)) for name in self.learned}

    def restore(self, state: Arrays) -> Self:
        """Take what an equal model learned instead of training; scores are then bit-equal to that one's.

        Args:
            state: of a model with the same vocabulary, settings, protocol, field and seed.
        """
        for name in self.learned:
            value = state[name]
            setattr(self, name, value if value.ndim else value.item())
        return self
