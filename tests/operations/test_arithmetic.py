"""Floating-point operations: none for pads or copies, and as many more as there are more distinct rows."""

import numpy as np
import pytest

from smartgen.config import compose_cell
from smartgen.data.demo.simulate import simulate
from smartgen.data.demo.vocabulary import demo_vocabulary
from smartgen.data.padding import flat_tokens
from smartgen.nets.transae import BaselineTransAE, TransAE
from smartgen.settings import SasrecSettings, TrainerSettings
from smartgen.stages.ssc.compress import compress
from smartgen.stages.ssc.vectors import train_encoder
from smartgen.training.reconstruction import fit_reconstruction, sequence_losses

TRAINER = TrainerSettings(accelerator="cpu")
PAD = 8
TRAINED = {"epochs": 1, "batch_size": 64, "learning_rate": 1e-3, "fused": True, "settings": TRAINER}


def packed():
    return TransAE(PAD + 1, PAD, 16, 2, 1, "packed", False)


def widened(tokens, width):
    return np.pad(tokens, ((0, 0), (0, width - tokens.shape[1])), constant_values=PAD)


def test_packed_layers_compute_no_pads(home, flops):
    tokens = flat_tokens(home(40), PAD, 4)
    for work in (
        lambda rows: sequence_losses(packed().eval(), rows),
        lambda rows: fit_reconstruction(packed(), rows, **TRAINED),
    ):
        lean = flops(lambda work=work: work(tokens), layers=True)
        assert flops(lambda work=work: work(widened(tokens, 64)), layers=True) == lean > 0
        # Attention's products alone are as wide as the batch.
        assert flops(lambda work=work: work(widened(tokens, 64))) < 1.3 * flops(
            lambda work=work: work(tokens)
        )


def test_padded_arithmetic_pays_for_its_pads(home, flops):
    tokens = flat_tokens(home(40), PAD, 4)

    def score(rows):
        return sequence_losses(TransAE(PAD + 1, PAD, 16, 2, 1, "padded", False).eval(), rows)

    assert flops(lambda: score(widened(tokens, 64))) > 3 * flops(lambda: score(tokens))


def test_scoring_computes_each_distinct_row_once(home, flops):
    once, copies, twice = (flat_tokens(rows, PAD, 4) for rows in (home(40), home(40, copies=5), home(80)))

    def score(rows):
        return sequence_losses(packed().eval(), rows)

    known = flops(lambda: score(once))
    assert known > 0
    assert flops(lambda: score(copies)) == known
    assert flops(lambda: score(twice)) == 2 * known


def test_training_grows_with_rows_and_epochs(home, flops):
    def train(rows, epochs):
        fit_reconstruction(packed(), flat_tokens(rows, PAD, 4), **TRAINED | {"epochs": epochs})

    known = flops(lambda: train(home(64), 1))
    assert flops(lambda: train(home(64), 3)) == 3 * known
    assert flops(lambda: train(home(128), 1)) == 2 * known


def test_the_merged_baseline_computes_equal_windows_once(home, flops):
    def train(rows):
        network = BaselineTransAE(6, PAD, 16, 2, 1, "merged", False)
        fit_reconstruction(network, rows.values[:, 3].reshape(len(rows), -1).astype(np.int64), **TRAINED)

    # Forty copies of one window in a batch are one bag.
    assert flops(lambda: train(home(1, length=10, copies=40))) == flops(lambda: train(home(1, length=10)))


@pytest.mark.parametrize("way", ["released", "sound"])
def test_ssc_trains_on_merged_rows_and_encodes_distinct_ones(home, flops, toy_vocabulary, way):
    settings = compose_cell(
        f"stage/ssc={way}", "stage.ssc.d_model=16", "stage.ssc.heads=2", "stage.ssc.epochs=1"
    ).stage.ssc

    def train(rows):
        train_encoder(rows, toy_vocabulary, settings, TRAINER, 1)

    once, copies = flops(lambda: train(home(30))), flops(lambda: train(home(30, copies=4)))
    assert once <= copies < 1.01 * once, "copies weigh more, and are not computed again"
    if way == "released":  # dropout's noise is each copy's own, so copies are encoded one by one
        return
    weights = train_encoder(home(30), toy_vocabulary, settings, TRAINER, 1)

    def select(rows):
        compress(rows, toy_vocabulary, settings, 1, lambda: weights)

    once, copies = flops(lambda: select(home(30))), flops(lambda: select(home(30, copies=4)))
    assert 0 < once <= copies < 1.01 * once


def test_sasrec_ranks_each_distinct_history_once(flops):
    from smartgen.predictors.sasrec import TokenSasrecPredictor
    from smartgen.protocols.candidates import sampled_candidates

    settings = SasrecSettings(name="sasrec", width=8, blocks=1, epochs=1)
    predictor = TokenSasrecPredictor(demo_vocabulary(), settings, 16, TRAINER, 1)
    log = simulate("winter", seed=1, days=7)
    predictor.fit(log)
    known = sampled_candidates(log)
    histories, sizes = np.tile(known.histories, (3, 1)), np.tile(known.sizes, 3)
    once = flops(lambda: predictor.token_scores(known.histories, known.sizes))
    assert flops(lambda: predictor.token_scores(histories, sizes)) == once > 0


def test_sasrec_rows_are_as_wide_as_their_batch_needs(home, flops):
    from smartgen.predictors.sasrec import TokenSasrecPredictor

    def train(length):
        settings = SasrecSettings(name="sasrec", width=8, blocks=1, epochs=1, length=length)
        TokenSasrecPredictor(demo_vocabulary(), settings, 16, TRAINER, 1).fit(home(40))

    assert flops(lambda: train(200)) == flops(lambda: train(40)), "sixteen tokens each, whatever the limit"
