import io
import sys

import numpy as np
import pytest

from smartgen.nets.transae import TransAE
from smartgen.settings import TrainerSettings
from smartgen.training.bar import TrainingBar
from smartgen.training.reconstruction import fit_reconstruction


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("stream", "shown"), [(Terminal(), True), (io.StringIO(), False)])
def test_the_bar_shows_on_a_terminal_only(
    monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, shown: bool
) -> None:
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    fit_reconstruction(
        TransAE(6, 5, d_model=8, heads=2, layers=1),
        np.zeros((4, 3), dtype=np.int64),
        epochs=2,
        batch_size=2,
        learning_rate=1e-3,
        fused=True,
        settings=TrainerSettings(accelerator="cpu", progress=True),
    )
    assert ("4/4" in stream.getvalue()) == shown


def test_an_exception_gives_the_terminal_back() -> None:
    bar = TrainingBar()
    bar.progress.start()
    bar.on_exception(None, None, RuntimeError())
    assert not bar.progress.live.is_started
