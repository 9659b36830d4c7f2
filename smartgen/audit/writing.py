"""Checks of what the LLM is told, and of what becomes of its answers: hints, inventory, parsing, mapping."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from smartgen.audit.changes import here, needed
from smartgen.audit.finding import Finding
from smartgen.audit.ground import Ground
from smartgen.audit.recordings import old_pieces, recorded_set, recordings, title
from smartgen.conformance.lines import Context, State
from smartgen.conformance.sets import set_line
from smartgen.conformance.stages import hint_edges
from smartgen.core.errors import SmartgenError
from smartgen.core.types import Sequences
from smartgen.data.recording_names import Recording, scan
from smartgen.data.recordings import COLLECTIONS, ORIGINAL, answers, calls, mapped_set, survivors
from smartgen.data.release import DATA_FOLDER, contexts, parts
from smartgen.data.vocabulary import Vocabulary
from smartgen.llm.replay import read_answer, replay_answers
from smartgen.stages.gss import BehaviorGraph, behavior_graph

TOP_K = 5  # successors an action in the release's hints
MIXED = "SP NT"  # whose answers two runs left
COMPRESSIONS = ("SPPC", "similarity")


def d11(ground: Ground) -> Finding:
    """The recorded hints beside ours, from pieces and from unsplit sequences, for several k."""
    holds, tell, lines, sought = True, 0, [], 0
    for dataset in ground.datasets:
        for context in ORIGINAL.values():
            folder, sought = ground.root / DATA_FOLDER / dataset / context, sought + 1
            pieces = old_pieces(ground, dataset, context)
            files = [folder / name for name in ("action_transitions.json", "trn.pkl")]
            if pieces is None or not all(path.is_file() for path in files):
                continue
            released = hint_edges(json.loads(files[0].read_text(encoding="utf-8")))
            vocabulary = ground.vocabulary(dataset)
            split, whole = (behavior_graph(log, vocabulary) for log in (pieces, ground.sequences(files[1])))
            fits = [k for k in range(1, 2 * TOP_K) if hint_edges(split.hints(k)) == released]
            unsplit = hint_edges(whole.hints(TOP_K)) == released
            holds, tell = holds and TOP_K in fits and not unsplit, tell + (fits == [TOP_K])
            lines.append(
                f"{dataset} {context}: {len(released)} actions; equal to ours from pieces with "
                f"{_range(fits)}, from unsplit sequences {'too' if unsplit else 'not'}; actions with "
                f"more than {TOP_K} successors: {_more(split)}"
            )
    needed(lines, "action_transitions.json of an old context of the release")
    said = f"{here(lines, sought, 'old contexts have their hints')}; {tell} allow k = {TOP_K} alone"
    return Finding(holds and tell > 0, (said, *lines))


def _range(fits: list[int]) -> str:
    """Numbers of successors that follow one another, as k = 5 to 9."""
    if not fits:
        return f"no k up to {2 * TOP_K - 1}"
    return f"k = {fits[0]}" + (f" to {fits[-1]}" if len(fits) > 1 else "")


def _more(graph: BehaviorGraph) -> int:
    """Actions of whose successors the hints leave some out."""
    return sum(len(edges) > TOP_K for edges in graph.edges.values())


@dataclass(frozen=True)
class _Listed:
    """An inventory of the release as it is read: entries without a device, commands and devices by entry."""

    broken: list[str]
    devices: list[str]
    actions: list[str]


def d13(ground: Ground) -> Finding:
    """The inventories that prompts quote beside the homes' own tables."""
    faults, lines = 0, []
    for dataset in ground.datasets:
        path = ground.root / "SmartGen" / f"{dataset}_keys_best.txt"
        if not path.is_file():
            continue
        listed, vocabulary = _listed(path), ground.vocabulary(dataset)
        wrong = [action for action in listed.actions if action not in vocabulary.actions]
        faults += len(listed.broken) + len(wrong)
        absent = [name for name in vocabulary.devices if name not in listed.devices]
        left = [name for name in vocabulary.actions if name not in listed.actions]
        refreshes = sum(name.endswith("refresh") for name in left)
        broken = f" ({', '.join(map(repr, listed.broken))})" if listed.broken else ""
        lines.append(
            f"{dataset}: entries without a device: {len(listed.broken)}{broken}; commands that the home "
            f"lacks: {len(wrong)}{_names(wrong)}; devices without an entry: {len(absent)}{_names(absent)}; "
            f"{len(left)} of {len(vocabulary.actions)} actions not offered, {refreshes} of them refreshes"
        )
    needed(lines, "SmartGen/<dataset>_keys_best.txt of the release")
    had = here(lines, len(ground.datasets), "inventories are")
    said = f"entries without a device and commands that the home lacks: {faults}; {had}"
    return Finding(faults > 0, (said, *lines))


def _names(names: list[str]) -> str:
    return f" ({', '.join(names)})" if names else ""


def _listed(path: Path) -> _Listed:
    """Entries ``Device: command, command`` that semicolons part, white space folded."""
    entries = [" ".join(entry.split()) for entry in path.read_text(encoding="utf-8").split(";")]
    listed = _Listed([], [], [])
    for entry in filter(None, entries):
        device, colon, commands = entry.partition(":")
        if not colon:
            listed.broken.append(entry)
            continue
        listed.devices.append(device.strip())
        listed.actions.extend(f"{device.strip()}:{one.strip(' .')}" for one in commands.split(","))
    return listed


def d15(ground: Ground) -> Finding:
    """Answers of which the authors' parser reads nothing, run by run."""
    lost, lines = 0, []
    sought = recordings(ground)
    for cell in sought:
        files = _answers(ground, cell)
        if files:
            text, count = _unparsable(files, ground.vocabulary(cell.dataset))
            lost += count
            lines.append(f"{title(cell)}: {text}")
    found = list(lines)
    for name, files, vocabulary in _ablation_runs(ground):
        text, count = _unparsable(files, vocabulary)
        lost += count
        lines.append(f"Table 4, {name}: {text}")
    needed(lines, "the answers of a run of the release")
    said = f"answers that give nothing: {lost}; {here(found, len(sought), 'cells have their answers')}"
    return Finding(lost > 0, (said, *lines))


def _unparsable(files: list[Path], vocabulary: Vocabulary) -> tuple[str, int]:
    """How many of the answers give nothing, and how many sequences stand complete in these all the same."""
    lost = [path for path in files if read_answer(path, vocabulary).quadruples is None]
    missed = sum(len(read_answer(path, vocabulary, recover=True).sequences) for path in lost)
    told = f" (their text holds {missed} sequences)" if lost else ""
    return f"{len(lost)} of {len(files)} answers give nothing{told}", len(lost)


def _answers(ground: Ground, cell: Recording, compression: str = "SPPC") -> list[Path]:
    """The answers of the run of a set in the order of its calls; none where they are not here."""
    try:
        found = answers(ground.root, cell.dataset, cell.context, cell.threshold, cell.llm, compression)
    except SmartgenError:
        return []
    return [one.path for one in found]


def _ablation_runs(ground: Ground) -> Iterator[tuple[str, list[Path], Vocabulary]]:
    """Those of Table 4's sets that follow from answers on disk, with these answers."""
    for cell in scan(ground.root / COLLECTIONS["ablation"].folder):
        theirs = ground.sequences(cell.path) if cell.is_set and cell.dataset in ground.datasets else None
        for compression in COMPRESSIONS if theirs is not None else ():
            files = _answers(ground, cell, compression)
            vocabulary = ground.vocabulary(cell.dataset)
            if files and replay_answers(files, vocabulary).sequences == theirs:
                yield cell.variant.replace("_", " "), files, vocabulary


def d16(ground: Ground) -> Finding:
    """Behaviors of written sets whose action names another device, and how usual the pair is in real logs."""
    sought, found, pairs, lines = recordings(ground), [], Counter[tuple[str, str]](), []
    for cell in sought:
        written, vocabulary = recorded_set(ground, "tof", cell, ""), ground.vocabulary(cell.dataset)
        if written is None:
            continue
        odd = _odd(written, vocabulary)
        found.append(cell)
        pairs += Counter({(cell.dataset, name): count for name, count in odd.items()})
        if odd:
            lines.append(f"{title(cell)}: {_told(odd)}, of {len(written.values):,} behaviors")
    needed(found, "the sets of Table 5 before TOF of the release")
    logged = {dataset: _recorded_logs(ground, dataset) for dataset in ground.datasets}
    odd_logged = {name: _odd(log, ground.vocabulary(name)) for name, log in logged.items()}
    for dataset, odd in odd_logged.items():
        told = _told(odd, len(logged[dataset].values)) or "none"
        lines.append(f"{dataset}, raw logs of all contexts (trn, vld, test): {told}")
    usual = sum(count for (dataset, name), count in pairs.items() if name in odd_logged[dataset])
    total = sum(pairs.values())
    said = (
        f"{total} behaviors of unfiltered sets have another device's action, {usual} of them one that their "
        f"home's logs have, too; {here(found, len(sought), 'cells have their set')}"
    )
    return Finding(total > 0 and usual == total, (said, *lines))


def _odd(sequences: Sequences, vocabulary: Vocabulary) -> dict[str, int]:
    """Pairs whose action's name begins with another device than theirs, most frequent first."""
    found = {
        f"({vocabulary.devices[device]}, {vocabulary.actions[action]})": count
        for (device, action), count in sequences.pairs().items()
        if not vocabulary.is_valid(device, action)
    }
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def _told(pairs: dict[str, int], total: int = 0) -> str:
    """Pairs with their counts, and with their share of a total."""
    shares = {name: f" ({100 * count / total:.1f} %)" if total else "" for name, count in pairs.items()}
    return ", ".join(f"{count:,} {name}{shares[name]}" for name, count in pairs.items())


def _recorded_logs(ground: Ground, dataset: str) -> Sequences:
    """All raw sequences of a home, of old contexts and new."""
    logs = [
        ground.root / DATA_FOLDER / dataset / context / f"{part}.pkl"
        for context in contexts(ground.root, dataset)
        for part in parts(ground.root, dataset, context)
        if not part.startswith("split_")
    ]
    return Sequences.concatenate(map(ground.sequences, logs))


def d17(ground: Ground) -> Finding:
    """Each cell's set before TOF beside what its recorded answers give."""
    sought, apart, lines = recordings(ground), [], []
    for cell in sought:
        folder = ground.root / DATA_FOLDER / cell.dataset / cell.context
        try:
            one = mapped_set(ground.root, cell.dataset, cell.context, cell.threshold, cell.llm)
        except SmartgenError:
            continue
        vocabulary = ground.vocabulary(cell.dataset)
        found = [other for other in scan(folder) if other.is_answer and other.setting == one.setting]
        line = set_line(Context(ground.root, cell.dataset, folder, vocabulary), one, found)
        if line.state is State.NOTE:
            continue
        differs = line.state is State.DIFFERS
        apart += [title(cell)] if differs else []
        lines.append(f"{title(cell)}: {line.detail.partition(';')[0]}{_of_each(ground, one, found, differs)}")
    mixed = [line for line in lines if line.startswith(MIXED)]
    needed(mixed, f"the set of {MIXED} before TOF with its answers of the release")
    said = f"sets that do not follow: {len(apart)}; {here(lines, len(sought), 'cells have set and answers')}"
    return Finding(apart == [MIXED], (said, *lines))


def _of_each(ground: Ground, one: Recording, found: list[Recording], differs: bool) -> str:
    """Which share of a set that does not follow stands in the run's answers, and in others on disk."""
    if not differs:
        return ""
    theirs, vocabulary = ground.sequences(one.path), ground.vocabulary(one.dataset)
    own = calls(found, survivors(ground.root, found[0]))
    parts = (own, [answer for answer in found if answer not in own])
    common = [
        len(
            set(theirs.contents())
            & set(replay_answers([a.path for a in part], vocabulary).sequences.contents())
        )
        for part in parts
    ]
    return (
        f"; {common[0]} stand in the run's {len(own)} answers, {common[1]} in {len(parts[1])} answers that "
        "an earlier run left"
    )
