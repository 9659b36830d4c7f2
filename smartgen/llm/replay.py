"""The release's recorded answers in place of an LLM: same sequences, no endpoint, no tokens."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

from smartgen.core.errors import SmartgenError
from smartgen.core.types import Sequences
from smartgen.data.recordings import answers, filtered_set, mapped_set
from smartgen.data.release import check_ids, read_sequences
from smartgen.data.unpickle import load_pickle
from smartgen.data.vocabulary import Vocabulary
from smartgen.llm.mapping import Reject
from smartgen.llm.parse import ParsedAnswer, parse_answer

Level = Literal["answers", "mapped", "filtered"]
LEVELS: Final[tuple[str, ...]] = get_args(Level)


@dataclass(frozen=True)
class ReplayedSet:
    """What a run of the release gave.

    Args:
        sequences: in the order of the calls, or of the recorded file.
        sources: the files that were read, in that order.
        rejects: what an answer held besides, each with its file.
        unparsable: answers of which the release's parser reads nothing (D15).
    """

    sequences: Sequences
    sources: tuple[Path, ...]
    rejects: tuple[tuple[Path, Reject], ...] = ()
    unparsable: int = 0


def replay(
    root: Path,
    dataset: str,
    context: str,
    vocabulary: Vocabulary,
    level: Level,
    threshold: float,
    llm: str = "gpt-4o",
    collection: str = "detection",
    variant: str | None = None,
    compression: str = "SPPC",
    recover: bool = False,
) -> ReplayedSet:
    """The synthetic sequences that the release recorded for one setting.

    Args:
        root: the release.
        dataset: its name there.
        context: the target context.
        vocabulary: the dataset's.
        level: ``answers`` parses the raw answers; ``mapped`` reads the set that the release made of them,
            ``filtered`` the one that is left after TOF.
        threshold: alpha of the compression.
        llm: its name in the file names.
        collection: for ``filtered``, see ``smartgen.data.recordings.COLLECTIONS``.
        variant: another kind of set than the usual one, for instance ``without_SSC``.
        compression: ``SPPC`` (SSC) or ``similarity``; not for ``filtered``.
        recover: for ``answers``, read more than the release's parser does (ours).

    Raises:
        SmartgenError: an unknown level, a setting that was not recorded, an id that the home lacks, or
            nothing valid in it at all.
    """
    if level not in LEVELS:
        raise SmartgenError(f"synthesizer.level is {level!r}, expected one of {', '.join(LEVELS)}")
    if level == "answers":
        files = [one.path for one in answers(root, dataset, context, threshold, llm, compression)]
        found = replay_answers(files, vocabulary, recover)
    elif level == "mapped":
        found = _read(
            mapped_set(root, dataset, context, threshold, llm, compression, variant or "").path, vocabulary
        )
    else:
        recorded = filtered_set(root, collection, dataset, context, threshold, llm, variant)
        found = _read(recorded.path, vocabulary)
    if not len(found.sequences.values):
        raise SmartgenError(
            f"{dataset} {context} at threshold {threshold:g} by {llm}: no valid behavior in "
            f"{len(found.sources)} recorded file(s), the first is {found.sources[0]}; choose another setting"
        )
    return found


def replay_answers(files: list[Path], vocabulary: Vocabulary, recover: bool = False) -> ReplayedSet:
    """Parse recorded answers one after another."""
    parsed = [(path, read_answer(path, vocabulary, recover)) for path in files]
    return ReplayedSet(
        sequences=Sequences.concatenate([one.sequences for _, one in parsed]),
        sources=tuple(files),
        rejects=tuple((path, reject) for path, one in parsed for reject in one.rejects),
        unparsable=sum(one.quadruples is None for _, one in parsed),
    )


def read_answer(path: Path, vocabulary: Vocabulary, recover: bool = False) -> ParsedAnswer:
    """Parse one recorded answer."""
    return parse_answer(answer_text(path), vocabulary, recover)


def answer_text(path: Path) -> str:
    """The text of a recorded answer; a pickle of anything else is an error that names it."""
    text = load_pickle(path)
    if not isinstance(text, str):
        raise SmartgenError(f"{path}: holds a {type(text).__name__}, expected the text of an answer")
    return text


def _read(path: Path, vocabulary: Vocabulary) -> ReplayedSet:
    sequences = read_sequences(path)
    check_ids(sequences, vocabulary, path)
    return ReplayedSet(sequences, (path,))
