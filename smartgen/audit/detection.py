"""Checks of how anomaly detection was measured (Table 2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smartgen.audit.changes import Cell, cells, had, needed, on_one_thread
from smartgen.audit.finding import Finding
from smartgen.audit.ground import Ground
from smartgen.conformance.detection import (
    CHANGES,
    agree,
    recorded_network,
    row_detector,
    window_parts,
    window_results,
)
from smartgen.tables.declare import Place, Table
from smartgen.tables.marks import harmonic_holds

ROW_DETECTORS = {"LocalOutlierFactor": "lof", "IsolationForest": "isolation_forest", "OCSVM": "ocsvm"}
MOST_ROWS = 2500  # to fit on; OCSVM takes ten seconds for six thousand
WIDTH = 128  # of the stale networks' embeddings (release)
PERCENTILE = 90  # of the stale networks' validation losses (release)
LOTTERY = 0.5  # F1 that one data set gains or loses from one run to the next
RERUN = "smartgen experiment=table2 system=smartgen_transae transition=occupancy seed=2024,1,2"
Rows = Mapping[str, Mapping[str, str]]


@on_one_thread
def d26(ground: Ground) -> Finding:
    """LOF, IF and OCSVM fitted on all rows together, and fitted on training rows to judge the others."""
    found = list(_stale(ground, ROW_DETECTORS))
    first = had(found, cells(ground), "windows and results")
    small = [one for one in found if sum(_sizes(one[1])) <= MOST_ROWS]
    lines: list[str] = []
    together: list[bool] = []
    apart: list[bool] = []
    for cell, parts, rows in needed(small, f"a cell of at most {MOST_ROWS:,} rows of the release"):
        names = {model: name for model, name in ROW_DETECTORS.items() if model in rows}
        both = [[_judged(cell, parts, name, quirk) for name in names.values()] for quirk in (True, False)]
        same = [
            [agree(*pair) for pair in zip(some, map(rows.__getitem__, names), strict=True)] for some in both
        ]
        together, apart = together + same[0], apart + same[1]
        f1 = [", ".join(f"{metrics['f1']:.4f}" for metrics in row) for row in both]
        fitted, judged = _sizes(parts)
        lines.append(
            f"{cell}, {fitted} + {judged} rows: F1 of {', '.join(names.values())} {f1[0]}; apart {f1[1]}"
        )
    head = (
        f"{first}; of these {len(found) - len(small)} with more than {MOST_ROWS:,} rows are left out",
        f"{sum(together)} of {len(together)} recorded results come out when training, test and attack rows "
        "are fitted together and training rows judged as normal ones",
        f"{sum(apart)} come out when training rows are fitted and the others judged",
    )
    return Finding(all(together) and not any(apart), (*head, *lines))


@on_one_thread
def d27(ground: Ground) -> Finding:
    """Aegis with its labels inverted and training rows judged, beside labels as the paper says."""
    found = list(_stale(ground, ["MC"]))
    lines, inverted, upright = [], [], []
    for cell, parts, rows in found:
        row = rows["MC"]
        both = [_judged(cell, parts, "aegis", quirk) for quirk in (True, False)]
        inverted.append(agree(both[0], row))
        upright.append(agree(both[1], row))
        lines.append(
            f"{cell}: recorded F1 {float(row['f1_score']):.4f}; likely rows flagged {both[0]['f1']:.4f}, "
            f"unlikely test rows flagged {both[1]['f1']:.4f}"
        )
    head = (
        had(found, cells(ground), "windows and results of Aegis"),
        f"{sum(inverted)} of {len(found)} recorded results come out when what is likely is flagged and "
        f"training rows are judged, too; {sum(upright)} when what is unlikely is flagged among the test rows",
    )
    return Finding(all(inverted) and not any(upright), (*head, *lines))


@on_one_thread
def d29(ground: Ground) -> Finding:
    """The recorded Autoencoder as one matrix, the layers of ARGUS, and cells in which all is flagged."""
    found = [one for one in _stale(ground, ["Autoencoder"]) if recorded_network(one[0].old, "Autoencoder")]
    lines, linear, bent = [], [], []
    for cell, parts, rows in found:
        row = rows["Autoencoder"]
        losses = [_token_losses(cell, activation) for activation in (False, True)]
        both = [_flagged(one, parts, CHANGES[cell.old.folder.name].field) for one in losses]
        linear.append(agree(both[0], row))
        bent.append(agree(both[1], row))
        lines.append(
            f"{cell}: recorded F1 {float(row['f1_score']):.4f}; of one matrix of {len(losses[0])} ids "
            f"{both[0]['f1']:.4f}, with a ReLU between the layers {both[1]['f1']:.4f}"
        )
    single, deep = _recurrent(ground)
    head = (
        had(found, cells(ground), "the Autoencoder's windows, result and network"),
        f"{sum(linear)} of {len(found)} recorded results come out when the recorded weights are multiplied "
        f"into one matrix, a token's loss hanging on itself alone; {sum(bent)} with a ReLU between layers",
        f"ARGUS: {single} recurrent layers of depth 1, in which dropout does nothing, and {deep} deeper ones",
        _all_flagged(ground.table("table2")),
    )
    return Finding(all(linear) and not any(bent) and not deep, (*head, *lines))


def d30(ground: Ground) -> Finding:
    """Printed F1 that printed precision and recall rule out, and whether two recalls are swapped."""
    table = ground.table("table2")
    triples = {place: _triple(table, place) for place in table.published if place.metric == "F1 Score"}
    wrong = [place for place, triple in triples.items() if not harmonic_holds(*triple)]
    recalls = [place._replace(metric="Recall") for place in wrong]
    printed = [table.published[place] for place in recalls]
    held = [table.released.get(place) for place in recalls]
    mended = [
        harmonic_holds(*triples[place][:2], other) for place, other in zip(wrong, printed[::-1], strict=True)
    ]
    lines = [
        f"{' '.join(place)}: printed {said:.4f}, result file {'-' if file is None else f'{file:.4f}'}"
        for place, said, file in zip(recalls, printed, held, strict=True)
    ]
    swapped = len(wrong) == 2 and held == printed[::-1] and all(mended)
    head = (
        f"{len(wrong)} of {len(triples)} printed F1 are not 2PR/(P+R) of their P and R"
        + (f"; with the two recalls swapped {sum(mended)} of them are" if len(wrong) == 2 else ""),
    )
    return Finding(swapped, (*head, *lines))


def d31(ground: Ground) -> Finding:
    """How far F1 of one set and one setting lies apart: the authors' run and one's own."""
    own = list(_runs(ground))
    found = needed([one for one in own if one[0].transition == "NT"], f"records: {RERUN}")
    usual = [_span(values) for place, _, values in own if place.transition != "NT"]
    wide = [place for place, _, values in found if _span(values) > LOTTERY]
    head = [f"NT: {len(wide)} of {len(found)} sets give F1 more than {LOTTERY} apart, by seed or machine"]
    if usual:
        wider = sum(span > LOTTERY for span in usual)
        head.append(f"ST and TT: {wider} of {len(usual)} do, the widest span is {max(usual):.4f}")
    lines = [
        f"{place.dataset} {place.transition} {place.method}: result file {values[0]:.4f}, here by seed {told}"
        for place, told, values in found
    ]
    return Finding(bool(wide), (*head, *lines))


def _runs(ground: Ground) -> Iterator[tuple[Place, str, list[float]]]:
    """Each F1 of SmartGen's detector that was run here: place, seeds, and values, the result file's first."""
    for name, methods in (("table2", ["SmartGen"]), ("table5", ["Ori", "S1", "S2"])):
        cell_of, released = ground.measured(name), ground.table(name).released
        for place, recorded in released.items():
            if place.metric == "F1 Score" and place.method in methods and (seeds := cell_of[place].seeds):
                told = ", ".join(f"{seed} {value:.4f}" for seed, value in seeds)
                yield place, told, [recorded, *(value for _, value in seeds)]


def _stale(ground: Ground, models: Any) -> Iterator[tuple[Cell, Any, Rows]]:
    """Cells that have windows and a result of any of these models, with both."""
    for cell in cells(ground):
        rows = {row["model"]: row for row in window_results(cell.old) if row["model"] in models}
        parts = window_parts(cell.old) if rows else None
        if parts is not None:
            yield cell, parts, rows


def _sizes(parts: Any) -> tuple[int, int]:
    """Training rows, and rows to judge."""
    return len(parts.train), len(parts.normal) + len(parts.attack)


def _judged(cell: Cell, parts: Any, name: str, quirk: bool) -> dict[str, float]:
    """Metrics of a detector that no chance trains, as the release has it or as the paper says."""
    from smartgen.protocols.released import detect
    from smartgen.settings import ReleasedProtocolSettings

    protocol = ReleasedProtocolSettings("released", transductive=quirk, inverted=quirk)
    detector, rule, _ = row_detector(cell.old, name, protocol)
    return detect(detector, parts, rule).metrics


def _token_losses(cell: Cell, activation: bool) -> NDArray[np.float32]:
    """(ids,) cross-entropy of each id: without an activation by one matrix for all layers.

    In single precision, where losses below 1e-8 are 0: some of the release's thresholds are as low.
    """
    import torch

    from smartgen.conformance.checkpoints import AUTOENCODER, load_released
    from smartgen.nets.token_autoencoders import LinearBody, TokenAutoencoder

    ids, path = cell.old.vocabulary.pad, recorded_network(cell.old, "Autoencoder")
    assert path is not None, "asked for where it is"
    body = LinearBody(WIDTH, activation)
    network = TokenAutoencoder(ids, ids, lambda: body, WIDTH)
    load_released(network, path, AUTOENCODER)
    with torch.no_grad():
        network.double()
        every = torch.arange(ids)
        logits = network(every[:, None])[:, 0] if activation else _one_matrix(network, body)
        losses = torch.nn.functional.cross_entropy(logits.float(), every, reduction="none")
    found: NDArray[np.float32] = losses.numpy()
    return found


def _one_matrix(network: Any, body: Any) -> Any:
    """(ids, ids) logits of each id: its embedding times the product of all layers' matrices."""
    import torch

    matrix, offset = torch.eye(WIDTH).double(), torch.zeros(WIDTH).double()
    for layer in [*body.layers, network.output]:
        matrix, offset = matrix @ layer.weight.T, offset @ layer.weight.T + layer.bias
    return network.embedding.weight @ matrix + offset


def _flagged(losses: NDArray[np.float32], parts: Any, field: int) -> dict[str, float]:
    """Metrics where a window's score is its tokens' mean loss."""
    from smartgen.metrics.detection import confusion, precision_recall_f1

    held_out, normal, attack = (
        losses[part.values[:, field]].reshape(len(part), -1).mean(axis=1)
        for part in (parts.validation, parts.normal, parts.attack)
    )
    border = np.percentile(held_out, PERCENTILE)
    found = precision_recall_f1(confusion(normal >= border, attack >= border))
    return dict(zip(("precision", "recall", "f1"), found, strict=True))


def _recurrent(ground: Ground) -> tuple[int, int]:
    """Recurrent layers of the recorded networks of ARGUS: of depth 1, and deeper."""
    import torch

    paths = [path for cell in cells(ground) if (path := recorded_network(cell.old, "GRUAutoencoder"))]
    names = [name for path in paths for name in torch.load(path, map_location="cpu", weights_only=True)]
    first, deeper = (sum(name.endswith(f".weight_hh_l{level}") for name in names) for level in (0, 1))
    return first - deeper, deeper


def _all_flagged(table: Table) -> str:
    """The cells in which every row is flagged, by the recorded precision and recall."""
    found = [
        place
        for place, value in table.released.items()
        if place.metric == "Recall"
        and value == 1
        and table.released[place._replace(metric="Precision")] == 0.5
    ]
    named = ", ".join(f"{place.dataset} {place.transition} {place.method}" for place in found)
    return f"recall 1 and precision .5, so all rows flagged, F1 .6667: {named or 'in no cell'}"


def _triple(table: Table, place: Place) -> tuple[float, float, float]:
    """F1, precision and recall as printed."""
    f1, precision, recall = (
        table.published[place._replace(metric=name)] for name in ("F1 Score", "Precision", "Recall")
    )
    return f1, precision, recall


def _span(values: list[float]) -> float:
    return max(values) - min(values)
