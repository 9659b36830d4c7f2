import math
from pathlib import Path

import pytest

from smartgen.core.types import Sequences
from smartgen.data.release import context_file, read_sequences, read_vocabulary
from smartgen.data.vocabulary import Vocabulary
from smartgen.protocols.compression import compression, text_tokens
from smartgen.stages.ssc import Compressed
from smartgen.tables.declare import Place, load_named


def test_both_ways_of_counting_and_the_papers_rule(
    toy_sequences: Sequences, toy_vocabulary: Vocabulary
) -> None:
    pieces = Sequences.concatenate([toy_sequences, toy_sequences])
    kept = Compressed(toy_sequences[:2], 0.5)
    metrics, counts = compression(toy_sequences, pieces, kept, toy_vocabulary)
    assert counts == {"unsplit": 5, "pieces": 10, "kept": 2, "distinct_pieces": 5}
    assert metrics["reduction"] == 1 - 2 / 5
    assert metrics["reduction_split"] == 1 - 2 / 10
    assert metrics["share_kept"] == 0.2
    assert metrics["tokens_saved_k"] == 0
    assert metrics["threshold"] == 0.5
    left_out = [*pieces.to_lists()[2:]]
    words = text_tokens(Sequences.from_lists(left_out), toy_vocabulary)
    assert metrics["tokens_left_out_k"] == pytest.approx(words / 1000)
    assert (
        "threshold" not in compression(toy_sequences, pieces, Compressed(pieces, math.nan), toy_vocabulary)[0]
    )


def test_tokens_are_counted_on_the_text_that_a_prompt_holds(
    toy_sequences: Sequences, toy_vocabulary: Vocabulary
) -> None:
    text = str([[list(toy_vocabulary.words(behavior)) for behavior in one] for one in toy_sequences])
    assert text_tokens(toy_sequences, toy_vocabulary) == pytest.approx(len(text) / 3, rel=0.05)


def test_every_published_saving_is_the_papers_reduction_times_one_constant() -> None:
    """D10: from the printed reduction alone, with the counts that it implies."""
    unsplit = {"FR": (873, 180, 964), "SP": (3298, 872, 700), "US": (7049, 459, 1100)}
    table = load_named("table9")
    for home, counts in unsplit.items():
        for change, count in zip(("ST", "TT", "NT"), counts, strict=True):
            at = {
                m: table.published[Place(home, change, m, "SSC")]
                for m in ("Reduction Rate (%)", "Saved Tokens (K)")
            }
            removed = round(at["Reduction Rate (%)"] / 100 * count)
            assert math.floor(0.2666 * removed) == at["Saved Tokens (K)"], (home, change)


@pytest.mark.release
def test_the_recorded_survivors_give_the_released_rates(release: Path) -> None:
    vocabulary = read_vocabulary(release, "fr")
    raw, pieces = (
        read_sequences(context_file(release, "fr", "daytime", name)) for name in ("trn.pkl", "split_trn.pkl")
    )
    days = [context_file(release, "fr", "daytime", f"trn_day_{d}_SPPC_th=0.92.pkl") for d in range(7)]
    kept = Sequences.concatenate(read_sequences(path) for path in days)
    metrics, counts = compression(raw, pieces, Compressed(kept, 0.92), vocabulary)
    assert counts["kept"] == 46
    assert round(100 * metrics["reduction"], 2) == 74.44
    assert round(100 * metrics["reduction_split"], 2) == 85.58
    assert metrics["tokens_saved_k"] == 35
