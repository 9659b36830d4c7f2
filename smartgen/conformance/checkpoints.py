"""The release's trained networks in ours: which of its weights is which of ours."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import torch
from torch import Tensor, nn

from smartgen.core.errors import SmartgenError

SASREC: Final = {
    "item_emb": "items",
    "pos_emb": "positions",
    "last_layernorm": "norm",
    "attention_layernorms.0": "blocks.0.attention_norm",
    "attention_layernorms.1": "blocks.1.attention_norm",
    "attention_layers.0": "blocks.0.attention",
    "attention_layers.1": "blocks.1.attention",
    "forward_layernorms.0": "blocks.0.feed_norm",
    "forward_layernorms.1": "blocks.1.feed_norm",
    "forward_layers.0.conv1": "blocks.0.inner",
    "forward_layers.0.conv2": "blocks.0.outer",
    "forward_layers.1.conv1": "blocks.1.inner",
    "forward_layers.1.conv2": "blocks.1.outer",
}
LSTM: Final = {"action_emb": "embedding", "lstm": "lstm", "fc": "output"}
CARNN: Final = {"actionEmb": "embedding", "M": "inputs", "W": "states", "output_layer": "output"}
CASER: Final = {"actionEmb": "embedding", "convV": "vertical", "convH": "horizontal", "T": "output"}
SIAR: Final = {
    "star.E": "time",
    "star.Q": "lower",
    "star.L": "transition",
    "star.M": "upper",
    "star.T": "output",
    "star.actionEmb": "embedding",
}
FPMC: Final = {
    "action_emb": "action",
    "device_emb": "device",
    "day_emb": "day",
    "time_emb": "time",
    "IL": "to_item",
    "LI": "from_item",
    "DL": "to_device",
    "LD": "from_device",
    "feature_fusion": "fusion",
    "time_attention": "attention",
    "output_layer": "output",
    "device_to_action": "device_to_action",
}


AUTOENCODER: Final = {
    "embedding": "embedding",
    "encoder_1": "body.layers.0",
    "encoder_2": "body.layers.1",
    "decoder_1": "body.layers.2",
    "decoder_2": "body.layers.3",
    "decoder_output": "output",
}
GRU_AUTOENCODER: Final = {
    "embedding": "embedding",
    "encoder_rnn1": "body.layers.0",
    "encoder_rnn2": "body.layers.1",
    "decoder_rnn1": "body.layers.2",
    "decoder_rnn2": "body.layers.3",
    "decoder_output": "output",
}


def load_released(network: nn.Module, path: Path, names: Mapping[str, str]) -> None:
    """Fill a network with a checkpoint of the release and set it to evaluation.

    Args:
        names: the release's module -> ours; weights keep their last part.

    Raises:
        SmartgenError: a file that holds no such weights.
    """
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
        renamed = {_renamed(name, names): weight for name, weight in found.items()}
        own = network.state_dict()
        network.load_state_dict({name: _shaped(weight, own.get(name)) for name, weight in renamed.items()})
    except (OSError, RuntimeError, KeyError, AttributeError) as error:
        told = str(error).splitlines()[0]
        raise SmartgenError(f"{path}: expected the weights of {type(network).__name__}: {told}") from error
    network.eval()


def _renamed(name: str, names: Mapping[str, str]) -> str:
    """A weight's name here: that of the longest of the release's modules that it is part of."""
    for theirs in sorted(names, key=len, reverse=True):
        if name.startswith(f"{theirs}."):
            return names[theirs] + name[len(theirs) :]
    raise KeyError(f"no weight of ours is {name}")


def _shaped(weight: Tensor, own: Tensor | None) -> Tensor:
    """A convolution of width 1 is a matrix here."""
    return weight.squeeze(-1) if own is not None and weight.dim() == own.dim() + 1 else weight
