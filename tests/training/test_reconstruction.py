import numpy as np
import pytest
import torch

from smartgen.settings import AutoencoderSettings, TrainerSettings
from smartgen.training.autoencoder import train_autoencoder
from smartgen.training.noise import CommonNoise
from smartgen.training.reconstruction import mean_loss, sequence_losses
from smartgen.training.trainer import seed_everything

PAD = 9
SMALL = AutoencoderSettings(d_model=16, heads=2, layers=1, epochs=3, batch_size=4)
CPU = TrainerSettings(accelerator="cpu")


def tokens(count: int = 10) -> np.ndarray:
    rng = np.random.default_rng(0)
    rectangle = rng.integers(0, PAD, (count, 8))
    for row in rectangle:
        row[4 * rng.integers(1, 3) :] = PAD
    return rectangle.astype(np.int64)


@pytest.mark.parametrize("padded", [True, False])
def test_the_loss_falls_and_the_seed_decides(padded: bool) -> None:
    settings = AutoencoderSettings(**{**vars(SMALL), "padded": padded, "epochs": 40})
    losses = []
    for _ in range(2):
        seed_everything(1)
        network, _ = train_autoencoder(tokens(), PAD, settings, CPU)
        losses.append(sequence_losses(network, tokens()))
    assert np.array_equal(*losses)
    seed_everything(1)
    untrained, _ = train_autoencoder(
        tokens(), PAD, AutoencoderSettings(**{**vars(settings), "epochs": 1}), CPU
    )
    assert losses[0].mean() < 0.7 * sequence_losses(untrained, tokens()).mean()


def test_the_training_loss_is_the_mean_over_tokens_in_both_arithmetics() -> None:
    seed_everything(1)
    network, _ = train_autoencoder(tokens(), PAD, SMALL, CPU)
    rows = torch.from_numpy(tokens())
    binned = float(mean_loss(network, rows).detach())
    network.arithmetic = "padded"
    assert float(mean_loss(network, rows).detach()) == pytest.approx(binned, rel=1e-4)
    sizes = (tokens() != PAD).sum(axis=1)
    assert float(np.average(sequence_losses(network, tokens()), weights=sizes)) == pytest.approx(
        binned, rel=1e-4
    )


def test_common_noise_makes_a_sequence_more_change_nothing_before_it() -> None:
    more = tokens(6)
    one = more[:5]
    outputs = []
    for rows in (one, more):
        seed_everything(1)
        network, _ = train_autoencoder(tokens(), PAD, SMALL, CPU)
        noise = network.before_draw = CommonNoise(7)
        network.train()
        noise.begin(0, 0)
        count = int((one != PAD).sum())
        outputs.append(network.token_logits(torch.from_numpy(rows))[:count])
    assert torch.allclose(*outputs, atol=1e-5)
    noise.begin(0, 1)
    assert not torch.allclose(outputs[1], network.token_logits(torch.from_numpy(more))[:count], atol=1e-3)


def test_common_noise_repeats_a_whole_training() -> None:
    losses = []
    for _ in range(2):
        seed_everything(1)
        network, _ = train_autoencoder(tokens(), PAD, SMALL, CPU, noise=CommonNoise(7))
        torch.rand(3)  # what others draw does not matter
        losses.append(sequence_losses(network, tokens()))
    assert np.array_equal(*losses)
    assert network.before_draw is None
