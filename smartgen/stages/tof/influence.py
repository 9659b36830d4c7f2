"""Stage 2 from gradients of one trained model instead of a training an outlier (ours)."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from smartgen.data.bags import bags
from smartgen.nets.transae import TransAE
from smartgen.stages.tof.retraining import Evidence
from smartgen.training.reconstruction import bags_loss, sequence_losses

Tokens = NDArray[np.int64]


def decide_by_influence(
    network: TransAE, optimizer: torch.optim.Optimizer, validation: Tokens, outliers: Tokens
) -> Evidence:
    """An outlier returns if one more step on it would not raise the validation loss (ours).

    Args:
        network: stage 1's, trained on all of the set; so a filter takes one training in all.
        optimizer: Adam, as that training left it.
    """
    change = influence(network, optimizer, validation, outliers)
    baseline = np.array([sequence_losses(network, validation).mean()])
    return Evidence(change[:, None], baseline, change <= 0, np.zeros(len(outliers), dtype=bool))


def influence(
    network: TransAE, optimizer: torch.optim.Optimizer, validation: Tokens, outliers: Tokens
) -> NDArray[np.float64]:
    """(outliers,) how one more step on each outlier would change the validation loss, per unit of step size.

    To first order, with G the validation loss's gradient and s the step that Adam would make on the outlier,
    the loss changes by - sum(G s). TracIn (Pruthi et al., NeurIPS 2020) at the last checkpoint, with Adam's
    scaling as in LESS (Xia et al., ICML 2024).

    Args:
        network: trained on sequences like these.
        optimizer: Adam, as that training left it.
        validation: (n, length) tokens of the fifth of the non-outliers on which stage 2 measures; the mean is
            over sequences. In a filter the network was trained on them and on the outliers too.
        outliers: (m, length) tokens.
    """
    network.eval()
    total = gradients(network, validation)
    changes = []
    for outlier in outliers:
        pairs = zip(total, adam_steps(network, optimizer, outlier[None]), strict=True)
        changes.append(-sum(float((a * b).sum()) for a, b in pairs))
    return np.array(changes)


def gradients(network: TransAE, tokens: Tokens) -> list[Tensor]:
    """Of the rows' mean loss, parameter by parameter."""
    device = next(network.parameters()).device
    found = bags(tokens, network.pad, ordered=network.positions, by_row=True)
    loss = bags_loss(network, *(torch.from_numpy(part).to(device) for part in found))
    return list(torch.autograd.grad(loss, list(network.parameters())))


def adam_steps(network: TransAE, optimizer: torch.optim.Optimizer, tokens: Tokens) -> list[Tensor]:
    """Adam's next step on these rows, momentum aside, before it is scaled by the step size.

    The step's own gradient enters the second moments, as it does in Adam: without it, weights that training
    never touched, like the embedding of an action that only outliers have, would go a million times too far.
    """
    group = optimizer.param_groups[0]
    (_, decay), eps = group["betas"], group["eps"]
    steps = []
    for parameter, gradient in zip(network.parameters(), gradients(network, tokens), strict=True):
        state = optimizer.state[parameter]
        second = decay * state["exp_avg_sq"] + (1 - decay) * gradient.square()
        second = second / (1 - decay ** (float(state["step"]) + 1))
        steps.append(gradient / (second.sqrt() + eps))
    return steps
