"""Seeding, whatever is imported when."""

import subprocess
import sys

CODE = """
import random, sys
import numpy as np, torch
from smartgen.training.trainer import make_trainer, seed_everything
from smartgen.settings import TrainerSettings
assert "pytorch_lightning" not in sys.modules
seed_everything(7)
make_trainer(TrainerSettings(accelerator="cpu"))
print(random.random() == random.Random(7).random(), np.random.rand() == np.random.RandomState(7).rand())
print(bool((torch.rand(3) == torch.rand(3, generator=torch.Generator().manual_seed(7))).all()))
"""


def test_importing_lightning_draws_nothing_behind_the_seed() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True"] * 3
