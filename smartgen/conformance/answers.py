"""Our parser against the parses that the release stored, answer by answer.

A stored parse can stand beside an answer that it was not made from, since several runs wrote the same file
names. Two things excuse a difference, each by evidence that does not depend on our parser:

- *stale*: the stored parse holds a list that does not occur in the answer's text. Parsers copy, so this one
  was given another text. What our parser misses or misreads still stands in the text, so that would fail.
- *earlier rule*: the stored parse is None although we read a list, what stands between the tags of the
  prompt's format is no literal, and a rule anchored at these tags explains every stored parse of that run
  that is not stale. Two runs of the release are like that, each by one answer; others contradict the rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from smartgen.conformance.lines import Context, Line, State, first_difference
from smartgen.core.types import Sequences
from smartgen.data.recording_names import Recording, scan
from smartgen.data.unpickle import load_pickle
from smartgen.data.vocabulary import Vocabulary
from smartgen.llm.literal import read_literal
from smartgen.llm.parse import ParsedAnswer, longest_span, parse_answer
from smartgen.llm.replay import answer_text

_TAGS = ("seq [[", "]] seq")


@dataclass(frozen=True)
class Pair:
    """An answer, what our parser reads in it, and the parse stored beside it."""

    recording: Recording
    text: str
    ours: list[object] | None
    theirs: object

    @property
    def name(self) -> str:
        """The answer's file name."""
        return self.recording.path.name


def check_answers(context: Context) -> Iterator[Line]:
    """Each raw answer that has a stored parse beside it, grouped by run."""
    found = [one for one in scan(context.folder) if one.is_answer]
    pairs = [pair for one in found if (pair := _pair(one, context.vocabulary)) is not None]
    for _, group in groupby(pairs, key=lambda pair: (pair.recording.setting, pair.recording.named)):
        yield from _run_lines(context, list(group), pairs)


def check_recovery(context: Context) -> Iterator[Line]:
    """What recovery reads in answers of which the release's rule makes no behavior."""
    found = sorted((one for one in scan(context.folder) if one.is_answer), key=lambda one: one.llm)
    for llm, group in groupby(found, key=lambda one: one.llm):
        read = [(one, parsed) for one in group if (parsed := _recovered(one, context.vocabulary)) is not None]
        for one, parsed in read:
            detail = f"{_content([parsed])}, {len(parsed.rejects)} pieces rejected"
            yield Line(f"recovery {llm}", f"{context} {one.path.name}", State.NOTE, detail, minor=True)
        if read:
            parses = [parsed for _, parsed in read]
            used = sum(parsed.recovered for parsed in parses)
            yield Line(
                "", f"{context} {llm}", State.NOTE, f"{used} of {len(read)} answers give {_content(parses)}"
            )


def _recovered(one: Recording, vocabulary: Vocabulary) -> ParsedAnswer | None:
    """What recovery makes of an answer, None where the release's rule reads a behavior already."""
    text = answer_text(one.path)
    plain = parse_answer(text, vocabulary, recover=False)
    return None if len(plain.sequences) else parse_answer(text, vocabulary)


def _content(parses: list[ParsedAnswer]) -> str:
    sequences = Sequences.concatenate([parsed.sequences for parsed in parses])
    return f"{len(sequences)} sequences, {len(sequences.values)} behaviors"


def is_stale(text: str, stored: object) -> bool:
    """Whether a stored parse holds a list that does not occur in the answer, spacing and quotes apart."""
    if not isinstance(stored, list):
        return False
    letters = _squeeze(text)
    return any(
        _squeeze("".join(map(str, one if isinstance(one, list) else [one]))) not in letters for one in stored
    )


def by_tags(text: str) -> list[object] | None:
    """The earlier rule: the longest list between the tags ``seq`` of the prompt's format, or None."""
    span = longest_span(text, *_TAGS)
    return (
        None
        if span is None
        else read_literal(text[slice(*span)].removeprefix("seq ").removesuffix(" seq"))[0]
    )


def _pair(one: Recording, vocabulary: Vocabulary) -> Pair | None:
    stored = one.path.with_name(one.path.stem + "_seq.pkl")
    if not stored.is_file():
        return None
    text = answer_text(one.path)
    return Pair(one, text, parse_answer(text, vocabulary, recover=False).quadruples, load_pickle(stored))


def _run_lines(context: Context, run: list[Pair], everything: list[Pair]) -> Iterator[Line]:
    """A line for the run's equal pairs, and one for each other pair."""
    first = run[0].recording
    check = f"parse {first.llm}"
    equal = [pair for pair in run if pair.ours == pair.theirs]
    label = " ".join(
        filter(None, [first.compression, f"{first.threshold:g}", "" if first.named else "(unnamed)"])
    )
    for pair in equal:
        count = "nothing to parse" if pair.ours is None else f"{len(pair.ours)} lists"
        yield Line(check, f"{context} {pair.name}", State.EQUAL, count, minor=True)
    state = State.EQUAL if len(equal) == len(run) else State.NOTE
    yield Line("", f"{context} {first.llm} {label}", state, f"{len(equal)} of {len(run)} parses equal")
    earlier = _follows_tags(run)
    for pair in run:
        if pair.ours == pair.theirs:
            continue
        state = _excuse(pair, earlier)
        yield Line(check, f"{context} {pair.name}", state, _explain(pair, state, everything))


def _excuse(pair: Pair, earlier: bool) -> State:
    if is_stale(pair.text, pair.theirs):
        return State.STALE
    tagged = longest_span(pair.text, *_TAGS) is not None
    if earlier and tagged and pair.theirs is None and by_tags(pair.text) is None:
        return State.EARLIER
    return State.DIFFERS


def _follows_tags(run: Iterable[Pair]) -> bool:
    return all(by_tags(pair.text) == pair.theirs for pair in run if not is_stale(pair.text, pair.theirs))


def _explain(pair: Pair, state: State, everything: list[Pair]) -> str:
    if state is State.EARLIER:
        return "the release read nothing, as a rule anchored at the tags does for this whole run"
    if state is State.STALE:
        others = [one.name for one in everything if one.ours == pair.theirs and one is not pair]
        return f"stored is the parse of {others[0] if others else 'an answer that is not in this folder'}"
    if not isinstance(pair.ours, list) or not isinstance(pair.theirs, list):
        return f"ours {_count(pair.ours)}, theirs {_count(pair.theirs)}"
    return first_difference(pair.ours, pair.theirs)


def _count(parse: object) -> str:
    return f"{len(parse)} lists" if isinstance(parse, list) else "nothing"


def _squeeze(text: str) -> str:
    return re.sub(r"[\s'\"\[\],\\]+", "", text)
