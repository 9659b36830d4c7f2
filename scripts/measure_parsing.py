"""Every recorded answer of the release through the parser: read, recovered, rejected, and why.

    python scripts/measure_parsing.py [--datasets fr sp]

Released rule: what the authors' parser reads. Recovered: answers of which it makes no behavior, or a part,
and ours does. Pairs: behaviors whose action is not the device's, which live synthesis drops (D16).
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from pathlib import Path

from smartgen.core.errors import SmartgenError
from smartgen.core.types import Sequences
from smartgen.data.recording_names import scan
from smartgen.data.recordings import ORIGINAL
from smartgen.data.release import DATA_FOLDER, context_file, read_sequences, read_vocabulary, release_root
from smartgen.data.vocabulary import Vocabulary
from smartgen.llm.inventory import Inventory
from smartgen.llm.parse import parse_answer
from smartgen.llm.parse_json import without_invalid
from smartgen.llm.replay import answer_text

SUMS = ("answers", "released rule", "recovered", "nothing", "behaviors", "rejected", "pairs")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--datasets", nargs="+", default=["fr", "sp"])
    datasets = parser.parse_args().datasets
    try:
        root = release_root(None)
    except SmartgenError as error:
        parser.error(str(error))
    sums: dict[str, Counter[str]] = defaultdict(Counter)
    reasons: dict[str, Counter[str]] = defaultdict(Counter)
    for dataset in datasets:
        vocabulary = read_vocabulary(root, dataset)
        for folder in sorted((root / DATA_FOLDER / dataset).iterdir()):
            count_folder(folder, vocabulary, sums, reasons)
    print("model".ljust(14) + "".join(name.rjust(15) for name in SUMS))
    for llm, counts in sorted(sums.items()):
        print(llm.ljust(14) + "".join(f"{counts[name]:,}".rjust(15) for name in SUMS))
    for llm, counts in sorted(reasons.items()):
        print(f"{llm}: " + "; ".join(f"{reason} {count:,}" for reason, count in counts.most_common(8)))


def count_folder(
    folder: Path,
    vocabulary: Vocabulary,
    sums: dict[str, Counter[str]],
    reasons: dict[str, Counter[str]],
) -> None:
    """Add the answers of one context."""
    answers = [one for one in scan(folder) if one.is_answer]
    if not answers:
        return
    root = release_root(None)
    log = read_sequences(context_file(root, folder.parent.name, ORIGINAL[folder.name], "trn.pkl"))
    inventory = Inventory.of(vocabulary, log)
    for one in answers:
        text, told = answer_text(one.path), sums[one.llm]
        by_rule = parse_answer(text, vocabulary, recover=False)
        ours = parse_answer(text, vocabulary, recover=True)
        told["answers"] += 1
        told["released rule"] += bool(len(by_rule.sequences)) and not ours.recovered
        told["recovered"] += ours.recovered
        told["nothing"] += not len(ours.sequences)
        told["behaviors"] += size(ours.sequences)
        told["rejected"] += sum(reject.position is not None for reject in ours.rejects)
        told["pairs"] += size(ours.sequences) - size(without_invalid(ours, inventory).sequences)
        reasons[one.llm].update(reject.reason for reject in ours.rejects)


def size(sequences: Sequences) -> int:
    """Behaviors."""
    return len(sequences.values)


if __name__ == "__main__":
    main()
