"""What SSC compares: a vector for each sequence, from the autoencoder's encoder or from the raw ids."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from smartgen.core.types import Sequences
from smartgen.data.padding import flat_tokens, longest
from smartgen.data.vocabulary import Vocabulary
from smartgen.nets.transae import TransAE
from smartgen.settings import EncodedSscSettings, TrainerSettings
from smartgen.training.autoencoder import build_autoencoder, train_autoencoder
from smartgen.training.trainer import seed_everything

ENCODE_ROWS = 512

Weights = dict[str, NDArray[np.float32]]
Vectors = Callable[[Sequences], Iterator[Tensor]]


def train_encoder(
    pieces: Sequences,
    vocabulary: Vocabulary,
    settings: EncodedSscSettings,
    trainer: TrainerSettings,
    seed: int,
) -> Weights:
    """The autoencoder's weights after training on all pieces (paper equation 1; release ``baseline2``)."""
    seed_everything(seed)
    pad = vocabulary.pad
    tokens = flat_tokens(pieces, pad, longest(pieces))
    network, _ = train_autoencoder(
        tokens, pad, settings, trainer, positions=settings.positions, label="SSC autoencoder"
    )
    return {name: weight.float().cpu().numpy() for name, weight in network.state_dict().items()}


def raw_ids(sequences: Sequences) -> Iterator[Tensor]:
    """The ids themselves, filled up with zeros to 40 positions (release, "similarity")."""
    yield torch.from_numpy(flat_tokens(sequences, 0, longest(sequences))).float()


def encoded(
    vocabulary: Vocabulary, settings: EncodedSscSettings, weights: Weights, length: int, device: str = "cpu"
) -> Vectors:
    """The trained encoder's output, as one vector a sequence.

    With dropout (release, D07) torch must be seeded before the first call, and every position counts, pads
    too (D08). Without it equal sequences have equal vectors, and pads are left out.

    Args:
        weights: of ``train_encoder``.
        length: behaviors a row.
    """

    def blocks(sequences: Sequences) -> Iterator[Tensor]:
        # A new network draws its initial weights, as the release's does for each weekday: with one thread
        # and `padded`, the dropout behind it is the release's on a processor.
        network = build_autoencoder(vocabulary.pad, settings, settings.positions)
        network.load_state_dict({name: torch.from_numpy(weight) for name, weight in weights.items()})
        network.to(device).train(settings.dropout)
        tokens = torch.from_numpy(flat_tokens(sequences, vocabulary.pad, length))
        # All at once where the release's draws are wanted.
        for rows in tokens.split(len(tokens) if settings.padded and settings.dropout else ENCODE_ROWS):
            yield _encode(network, rows.to(device), settings)

    return blocks


@torch.inference_mode()
def _encode(network: TransAE, tokens: Tensor, settings: EncodedSscSettings) -> Tensor:
    """(rows, width) vectors of one block."""
    encode = network.encoded_everywhere if settings.dropout else network.encoded_tokens
    states = encode(tokens)
    if settings.pooling == "flattened":
        return states.flatten(1)
    real = tokens != network.pad
    return (states * real[..., None]).sum(1) / real.sum(1, keepdim=True)
