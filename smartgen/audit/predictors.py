"""Checks of what the compared predictors are (Table 3)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from smartgen.audit.changes import CODES, SYSTEMS, Cell, cells, had, needed, on_one_thread
from smartgen.audit.finding import Finding
from smartgen.audit.ground import Ground
from smartgen.conformance.files import result_rows
from smartgen.conformance.prediction import (
    PIPELINE,
    SETTINGS,
    STUDIES,
    Row,
    agree,
    recorded,
    same,
    window_checkpoint,
    window_metrics,
    window_networks,
    window_rows,
    window_test,
)
from smartgen.core.types import ACTION, Sequences

BLIND = ("SIAR", "CARNN", "FPMC")  # take time or context, says the paper
HMM_SEED = 42  # of numpy and torch, once for all cells (release)
HMM_WINDOWS = 200  # to train on; a chain of a thousand windows takes 20 s
UNTOUCHED = 0.04  # how near a matrix's spread is to a first draw's; five times what chance makes of it
HOMES = ("fr", "sp", "us")  # in the authors' order


@on_one_thread
def d38(ground: Ground) -> Finding:
    """Recorded networks that are given action ids alone, and what of their time weights was ever trained."""
    lines, results = [], []
    for cell in cells(ground):
        test, told = window_test(cell.old), []
        wanted = [SYSTEMS[name] for name in BLIND] if test is not None else []
        for name, network, row in window_networks(cell.old, wanted) if wanted else ():
            results.append(agree(window_metrics(network, test, len(cell.old.vocabulary.actions)), row))
            paper = next(ours for ours, theirs in SYSTEMS.items() if theirs == name)
            told.append(f"{paper} {recorded(row)[0]:.4f}{'' if results[-1] else ' (not so)'}")
        if told:
            lines.append((cell, f"{cell}: HR@10 as recorded, from actions alone: {', '.join(told)}"))
    first = had(
        {cell.place for cell, _ in lines}, cells(ground), "windows, results and a network of these three"
    )
    same_time, networks = _siar_time(ground)
    drawn, beyond, moved, within = _carnn_matrices(ground)
    head = (
        first,
        f"{sum(results)} of {len(results)} recorded results come out when only nine action ids are given",
        f"SIAR: in {same_time} of {networks} networks the weights of time of all nine positions are still "
        "equal, as they began: a time other than 0 would have moved them apart",
        f"CARNN: {drawn} of {beyond} matrices beyond the ninth are as first drawn, {moved} of {within} among "
        "the first nine are not: the place in the window chooses them, not time",
    )
    holds = all(results) and same_time == networks and drawn == beyond and moved == within
    return Finding(holds, (*head, *(line for _, line in lines)))


@on_one_thread
def d39(ground: Ground) -> Finding:
    """The HMM trained anew: what its last observed state emits, and what the next state would."""
    found = list(_hmm_cells(ground))
    first = had(found, cells(ground), f"windows (up to {HMM_WINDOWS} to train on) and the HMM's result")
    stays = [agree(last, row) for _, row, last, _ in found]
    goes = [agree(ahead, row) for _, row, _, ahead in found]
    lines = [
        f"{cell}: recorded NDCG@10/HR@10 {_pair(*recorded(row))}; by the last state "
        f"{_pair(last['hr@10'], last['ndcg@10'])}, by the next {_pair(ahead['hr@10'], ahead['ndcg@10'])}"
        for cell, row, last, ahead in found
    ]
    head = (
        first,
        f"{sum(stays)} of {len(found)} recorded results come out when actions rank by what the last seen "
        f"state emits, {sum(goes)} when by what the state after it does",
        "trained on the first nine actions of all windows laid end to end, as one chain",
    )
    return Finding(all(stays) and not any(goes), (*head, *lines))


def d40(ground: Ground) -> Finding:
    """Recorded results of SASRec on training files that are equal byte for byte."""
    groups: dict[tuple[str, str], list[tuple[str, Row]]] = {}
    for path, name, row in _trainings(ground):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        groups.setdefault((_home(path), digest), []).append((name, row))
    several = {key: some for key, some in groups.items() if len(some) > 1}
    needed(list(several), "two results of SASRec from equal training files of the release")
    lines, apart = [], 0
    for (home, _), some in several.items():
        pairs = [recorded(row) for _, row in some]
        apart += len(set(pairs)) > 1
        told = ", ".join(f"{name} {_pair(*pair)}" for (name, _), pair in zip(some, pairs, strict=True))
        spans = [max(part) - min(part) for part in zip(*pairs, strict=True)]
        lines.append(f"{home}: NDCG@10/HR@10 {told}; apart by {_pair(*spans)}")
    head = f"{apart} of {len(several)} training files that were used more than once gave other results"
    return Finding(apart == len(several), (head, *lines))


def _siar_time(ground: Ground) -> tuple[int, int]:
    """Recorded networks of SIAR whose weights of time are alike at all positions, and all of them."""
    import torch

    found = []
    for weights in _weights(ground, "SITAR"):
        time = [value for name, value in weights.items() if re.fullmatch(r"star\.E\.\d+\.weight", name)]
        found.append(len(time) > 1 and all(torch.equal(time[0], other) for other in time))
    return sum(found), len(found)


def _carnn_matrices(ground: Ground) -> tuple[int, int, int, int]:
    """CARNN's recorded matrices: beyond the ninth, as first drawn and all; the first nine, moved and all."""
    beyond: list[bool] = []
    within: list[bool] = []
    for weights in _weights(ground, "CARnn"):
        for name, value in weights.items():
            if match := re.fullmatch(r"[MW]\.(\d+)\.weight", name):
                (within if int(match[1]) < 9 else beyond).append(_as_drawn(value))
    return sum(beyond), len(beyond), len(within) - sum(within), len(within)


def _as_drawn(matrix: Any) -> bool:
    """Whether a matrix is as PyTorch begins: uniform up to 1 / sqrt(inputs), by its range and its spread."""
    bound = float(matrix.shape[1]) ** -0.5
    spread = float(matrix.std()) / (bound / 3**0.5)
    return bool(float(matrix.abs().max()) <= bound and abs(spread - 1) < UNTOUCHED)


def _weights(ground: Ground, name: str) -> Iterator[Any]:
    import torch

    for cell in cells(ground):
        path = window_checkpoint(cell.old, name)
        if path is not None:
            yield torch.load(path, map_location="cpu", weights_only=True)


def _hmm_cells(ground: Ground) -> Iterator[tuple[Cell, Row, dict[str, float], dict[str, float]]]:
    """Metrics by what the last seen state emits, and by what the next one does.

    All cells go on from one random state in the authors' order, which is the paper's, so nothing can be told
    of those behind the first that is not here.
    """
    import torch
    from torch.utils.data import DataLoader, TensorDataset

    from smartgen.conformance.detection import window_parts
    from smartgen.settings import HmmSettings
    from smartgen.training.trainer import seed_everything

    seed_everything(HMM_SEED)
    for place, cell in zip(product(HOMES, CODES.values()), cells(ground), strict=False):
        parts, rows = window_parts(cell.old), window_rows(cell.old, "HMM")
        if parts is None or (cell.dataset, cell.transition) != place:
            return
        read = (parts.train, parts.validation, parts.normal)
        symbols = 1 + max(int(part.values[:, ACTION].max()) for part in read)
        count = len(parts.train)
        if rows and count <= HMM_WINDOWS:
            yield cell, rows[0], *_hmm_metrics(cell, *read, symbols)
        else:  # the draws that training would have taken
            np.random.rand(min(HmmSettings("hmm").states, symbols), symbols)
            next(iter(DataLoader(TensorDataset(torch.zeros(count)), count, shuffle=True)))
        torch.empty((), dtype=torch.int64).random_()  # a test loader's (release)


def _hmm_metrics(
    cell: Cell, train: Sequences, validation: Sequences, test: Sequences, symbols: int
) -> tuple[dict[str, float], dict[str, float]]:
    """Of the tenth action of each test window, from a model of the random state as it is."""
    from smartgen.metrics.ranking import ranks, summary
    from smartgen.nets.hmm import Chains, Hmm, viterbi_last
    from smartgen.predictors.hmm import HmmPredictor
    from smartgen.settings import HmmSettings, TrainerSettings

    vocabulary = cell.old.vocabulary
    predictor = HmmPredictor(vocabulary, HmmSettings("hmm"), None, TrainerSettings(), None, symbols=symbols)
    model = Hmm(**predictor.fit([train], [validation]).state())
    actions = test.values[:, ACTION].reshape(len(test), -1).astype(np.int64)
    seen, wanted = actions[:, :-1], actions[:, -1]
    last = viterbi_last(model, Chains(seen, np.full(len(seen), seen.shape[1]), np.ones(len(seen))))
    wide = ((0, 0), (0, max(0, len(vocabulary.actions) - symbols)))
    stays, goes = (
        summary(ranks(np.pad(emitted[last], wide), wanted), "optimistic")
        for emitted in (model.emission, model.transition @ model.emission)
    )
    return stays, goes


def _trainings(ground: Ground) -> Iterator[tuple[Path, str, Row]]:
    """Training file, name and recorded result of every training of SASRec on synthetic sets."""
    for row in result_rows(ground.root / PIPELINE / "results"):
        pattern = f"{row['dataset']}_{row['environment']}_generation_*.txt"
        for path in sorted((ground.root / PIPELINE / "data").glob(pattern))[:1]:
            yield path, "Table 3", row
    for study, (column, setting) in SETTINGS.items():
        rows = result_rows(ground.root / STUDIES / "results", f"{study}_*.csv")
        for path in sorted((ground.root / STUDIES / "data").glob(f"{study}_*_generation_*.txt")):
            named = setting.search(f"{path.stem}_default")
            for row in rows:
                if (
                    named
                    and path.name.startswith(f"{study}_{row['dataset']}_")
                    and same(named[1], row[column])
                ):
                    yield path, f"{study} {row[column]}", row


def _home(path: Path) -> str:
    """Home and change of a training file, by its name."""
    dataset, new = path.name.partition("_generation_")[0].split("_")[-2:]
    return f"{dataset.upper()} {CODES[new]}"


def _pair(hits: float, gain: float) -> str:
    return f"{gain:.4f}/{hits:.4f}"
