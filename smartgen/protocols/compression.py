"""What SSC saves, as the paper's Table 9 counts it and like for like."""

from __future__ import annotations

import math

from smartgen.core.types import Sequences
from smartgen.data.vocabulary import Vocabulary
from smartgen.stages.ssc import Compressed

# Every published saving is this many thousand tokens for each sequence left out, rounded down (D10).
PAPER_TOKENS_K = 0.2666
CHARACTERS_A_TOKEN = 3  # of quadruples in words; the tokenizers' own tables need a network (ours)


def compression(
    unsplit: Sequences, pieces: Sequences, compressed: Compressed, vocabulary: Vocabulary
) -> tuple[dict[str, float], dict[str, int]]:
    """Metrics and counts of one compression (paper A.3; D09, D10).

    ``reduction`` is the paper's: one minus the pieces kept over the sequences *before* TSS, which falls below
    zero where more pieces stay than there were sequences. ``reduction_split`` divides by the pieces.
    ``tokens_saved_k`` is the paper's constant; ``tokens_left_out_k`` estimates the text of what was left out.
    """
    kept = len(compressed.sequences)
    metrics = {
        "reduction": 1 - kept / len(unsplit),
        "reduction_split": 1 - kept / len(pieces),
        "share_kept": kept / len(pieces),
        "tokens_saved_k": float(math.floor(PAPER_TOKENS_K * (len(unsplit) - kept))),
        "tokens_left_out_k": (text_tokens(pieces, vocabulary) - text_tokens(compressed.sequences, vocabulary))
        / 1000,
    }
    if not math.isnan(compressed.threshold):
        metrics["threshold"] = compressed.threshold
    counts = {"unsplit": len(unsplit), "pieces": len(pieces), "kept": kept}
    counts["distinct_pieces"] = len(pieces.first_of_each())
    return metrics, counts


def text_tokens(sequences: Sequences, vocabulary: Vocabulary) -> float:
    """Estimated prompt tokens of sequences in words: characters of their Python lists over 3."""
    sizes = {
        behavior: len(str(list(vocabulary.words(behavior)))) + len(", ")
        for behavior in {behavior for sequence in sequences for behavior in sequence}
    }
    behaviors = sum(sizes[behavior] for sequence in sequences for behavior in sequence)
    return (behaviors + len("[], ") * len(sequences)) / CHARACTERS_A_TOKEN
