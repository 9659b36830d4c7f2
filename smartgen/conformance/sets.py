"""Sets of mapped sequences ("Ori") against what the recorded answers give; it decides nothing (D17)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from smartgen.conformance.lines import Context, Line, State
from smartgen.core.types import Sequences
from smartgen.data.recording_names import Recording, scan
from smartgen.data.recordings import COLLECTIONS, calls, survivors
from smartgen.data.release import read_sequences
from smartgen.data.unpickle import load_pickle
from smartgen.data.vocabulary import Vocabulary
from smartgen.llm.mapping import map_quadruples
from smartgen.llm.replay import replay_answers

COPIES = ("SmartGen/filter_data/{dataset}/{context}", COLLECTIONS["tof"].folder)

Source = Callable[[list[Recording], Vocabulary], Sequences]


def check_sets(context: Context) -> Iterator[Line]:
    """Each mapped set of the context and its copies: from which recorded files it follows, if from any."""
    recorded = scan(context.folder)
    answers = [one for one in recorded if one.is_answer]
    for one in recorded + _copies(context):
        if one.is_set and not one.variant.startswith(("filter", "seq_", "day_")):
            yield set_line(context, one, [answer for answer in answers if answer.setting == one.setting])


def _copies(context: Context) -> list[Recording]:
    folders = [folder.format(dataset=context.dataset, context=context.folder.name) for folder in COPIES]
    found = [one for folder in folders for one in scan(context.root / folder)]
    return [
        one
        for one in found
        if (one.dataset, one.context, one.variant) == (context.dataset, context.folder.name, "")
    ]


def set_line(context: Context, one: Recording, answers: list[Recording]) -> Line:
    """From which of the answers a set follows, if from any; a line that says so."""
    theirs = read_sequences(one.path)
    same_run = [answer for answer in answers if answer.named == one.named] or answers
    state, detail = _compare(context, theirs, same_run) if same_run else (State.NOTE, "no answers recorded")
    check = "mapping of side studies" if one.variant else "mapping"
    return Line(check, str(one.path.relative_to(context.root)), state, detail, minor=bool(one.variant))


def _compare(context: Context, theirs: Sequences, found: list[Recording]) -> tuple[State, str]:
    """Which of the recorded files give the set, tried from the plain reading to the mixed ones."""
    selected = calls(found, survivors(context.root, found[0]))
    for files, source, remark in (
        (selected, _from_answers, ""),
        (found, _from_answers, ", with the chunks that the survivors rule out"),
        (selected, _from_parses, " by their stored parses, not all of them made from these answers"),
        (found, _from_parses, " by all stored parses"),
    ):
        if source(files, context.vocabulary) == theirs:
            return State.EQUAL, f"{len(theirs)} sequences from {len(files)} answers{remark}"
    ours = _from_answers(selected, context.vocabulary)
    common = len(set(ours.contents()) & set(theirs.contents()))
    counts = f"ours {len(ours)}, theirs {len(theirs)}, {common} distinct in common"
    return State.DIFFERS, f"{counts}; not derivable from the answers on disk, where runs are mixed (D17)"


def _from_answers(files: list[Recording], vocabulary: Vocabulary) -> Sequences:
    return replay_answers([one.path for one in files], vocabulary).sequences


def _from_parses(files: list[Recording], vocabulary: Vocabulary) -> Sequences:
    stored = [one.path.with_name(one.path.stem + "_seq.pkl") for one in files]
    return Sequences.concatenate([_mapped(path, vocabulary) for path in stored if path.is_file()])


def _mapped(path: Path, vocabulary: Vocabulary) -> Sequences:
    parse = load_pickle(path)
    return map_quadruples(parse if isinstance(parse, list) else (), vocabulary)[0]
