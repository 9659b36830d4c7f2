"""Checks of the side studies: Table 4, Figures 7 and 8."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from smartgen.audit.changes import Cell, cells, needed, on_one_thread
from smartgen.audit.finding import Finding
from smartgen.audit.ground import Ground
from smartgen.conformance.files import result_rows
from smartgen.conformance.prediction import ABLATION, Row, agree, recorded, retrained_results, trained_scores
from smartgen.core.types import ACTION, DEVICE, Sequences
from smartgen.data.recording_names import Recording, scan
from smartgen.data.recordings import COLLECTIONS
from smartgen.data.release import DATA_FOLDER
from smartgen.tables.declare import Place, Table

HOME, OLD, NEW, LLM, ALPHA = "sp", "winter", "spring", "Llama_70B", 0.905  # of Table 4
FOLDER = COLLECTIONS["ablation"].folder
# The release's names of Table 4's columns, and of the unfiltered sets that they are copies of.
VARIANTS = {
    "all": ("SPPC", "all"),
    "without_GSS": ("SPPC", "noATM"),
    "without_TSS": ("SPPC", "nosplit"),
    "without_SSC": ("similarity", "noSPPC"),
    "without_all": ("similarity", "noall"),
}
UNCOMPRESSED = ("without_SSC", "without_all")
USUAL = {"gap": "gap 9 h", "duration": "duration 24 h"}  # the main setting in Figure 7
MAIN = {"table2": "F1 Score", "table3": "HR@10"}
BEST, PREDICTION = "GPT-4o", ("NDCG@10", "HR@10")
WHOLE = 1e-9  # how near a number must come to a whole one


def d41(ground: Ground) -> Finding:
    """Where the sets of Table 4 come from: home, change, LLM, threshold, filter."""
    sets, rows = _ablation_sets(ground), _ablation_rows(ground)
    copies = {name: _copied(ground, one, name) for name, one in sets.items()}
    homes = {(one.dataset, one.context, one.llm, one.threshold) for one in sets.values()}
    llms = Counter(row["LLM type"] for row in rows)
    filtered = [one for one in scan(ground.root / FOLDER) if one.variant.startswith("filter")]
    lines = [
        f"{name}: {_size(ground, sets[name])} sequences, equal to {copy.path.name if copy else 'no such set'}"
        for name, copy in copies.items()
    ]
    head = (
        f"{len(copies) - [*copies.values()].count(None)} of {len(sets)} sets are copies of sets as they were "
        f"written for {HOME.upper()} {NEW}; {len(filtered)} files beside them are outcomes of TOF",
        *(f"the result file's LLM: {name} in {count} of {len(rows)} rows" for name, count in llms.items()),
        *(f"by name: {home} {new}, {llm}, threshold {alpha:g}" for home, new, llm, alpha in sorted(homes)),
        _beside_main(ground),
    )
    named = homes == {(HOME, NEW, LLM, ALPHA)} and set(llms) == {LLM}
    return Finding(named and all(copies.values()) and not filtered, (*head, *lines))


@on_one_thread
def d42(ground: Ground) -> Finding:
    """What the columns without SSC were compressed by, and how much that leaves."""
    sets, lines, similar = _ablation_sets(ground), [], []
    for name in needed(
        [name for name in UNCOMPRESSED if name in sets], "Table 4's sets without SSC of the release"
    ):
        copy = _copied(ground, sets[name], name)
        similar.append(copy is not None and copy.compression == "similarity")
        told = f"equal to {copy.path.name}" if copy else "not a copy of a set made with similarity"
        lines.append(f"{name}: {_size(ground, sets[name])} sequences to train on, {told}")
    others = [f"{name} {_size(ground, one)}" for name, one in sets.items() if name not in UNCOMPRESSED]
    pieces, unsplit = (
        ground.sequences(ground.data(HOME, OLD, name)) for name in ("split_trn.pkl", "trn.pkl")
    )
    kept = [_by_similarity(ground, log) for log in (pieces, unsplit)]
    on_disk = _survivors(ground, "similarity")
    same = [name for name, one in zip(("pieces", "unsplit sequences"), kept, strict=True) if one == on_disk]
    head = (
        f"{sum(similar)} of {len(similar)} sets were written after compression by the similarity of raw ids",
        f"at {ALPHA} that keeps {len(kept[0])} of {len(pieces):,} pieces, {len(kept[1])} of "
        f"{len(unsplit):,} unsplit sequences; SSC keeps {len(_survivors(ground, 'SPPC'))} pieces",
        f"the {len(on_disk)} recorded survivors of similarity are those of {' and '.join(same) or 'neither'}",
    )
    last = f"the other columns: {', '.join(others)} sequences to train on"
    return Finding(all(similar) and bool(same), (*head, *lines, last))


def d43(ground: Ground) -> Finding:
    """Table 4's attacks, normal sequences and threshold data, and how many alarms its results tell of."""
    attack = ground.sequences(ground.file(FOLDER, f"{HOME}_{NEW}_attack_heater.pkl"))
    normal, held_out = (
        ground.sequences(ground.file(FOLDER, name)) for name in ("split_test.pkl", "split_vld.pkl")
    )
    raw, test, real = (
        ground.sequences(ground.data(HOME, NEW, name))
        for name in ("test.pkl", "split_test.pkl", "split_vld.pkl")
    )
    rows, changed = _ablation_rows(ground), _heated(ground, raw, attack)
    of_attacks, of_normals = (
        sum(_is_whole(float(row["recall"]) * len(one)) for row in rows) for one in (attack, normal)
    )
    alarms = {row["module"]: _false_alarms(row, len(attack)) for row in rows}
    lines = [
        f"{name}: {count:.0f} of {len(normal)} normal sequences flagged" for name, count in alarms.items()
    ]
    most = max((count for name, count in alarms.items() if name != "without_all"), default=0.0)
    head = (
        f"{len(attack)} attacks, {changed} of them an unsplit test sequence with one behavior made the "
        f"heater's; {len(normal)} normal sequences, {_equal(normal == test)} to the split ones",
        f"recall is a whole number of {len(attack)} in {of_attacks} of {len(rows)} rows, of {len(normal)} in "
        f"{of_normals}",
        f"{len(held_out)} sequences for the threshold, {_equal(held_out == real)} to real ones of {NEW}",
        f"without_all flags {alarms.get('without_all', 0) / max(most, 1):.2f} times as many normal sequences "
        "as the column with the second most, as with a lower percentile",
    )
    sizes = changed == len(attack) == len(raw) < len(normal) and of_attacks == len(rows) > of_normals
    holds = sizes and normal == test and held_out == real and alarms.get("without_all", 0) > most
    return Finding(holds, (*head, *lines))


@on_one_thread
def d44(ground: Ground) -> Finding:
    """Table 4's recorded networks of SASRec on its test sequences, beside the recorded results."""
    from smartgen.protocols.candidates import sampled_candidates
    from smartgen.protocols.released_prediction import token_metrics

    context = _cell(ground).new
    drawn = sampled_candidates(ground.sequences(ground.data(HOME, NEW, "split_test.pkl")))
    named = [one for one in retrained_results(context) if one.name.startswith("ablation1 ")]
    lines, apart = [], []
    found = needed(
        [one for one in named if one.checkpoint is not None], "Table 4's networks of SASRec of the release"
    )
    for one in found:
        scores = trained_scores(context, one, drawn.histories, drawn.sizes)
        metrics, (hits, gain) = token_metrics(scores, drawn, "optimistic"), recorded(one.row)
        name = one.name.removeprefix("ablation1 ")
        apart += [] if agree(metrics, one.row) else [name]
        ours = f"{metrics['ndcg@10']:.4f}/{metrics['hr@10']:.4f}"
        lines.append(f"{name}: NDCG@10/HR@10 {ours}, result file {gain:.4f}/{hits:.4f}")
    needed([one for one in found if one.name.endswith("without_all")], "w/o ALL's network of the release")
    head = f"{len(found) - len(apart)} of {len(found)} recorded networks give the recorded result"
    return Finding(apart == ["without_all"], (head, *lines))


def d45(ground: Ground) -> Finding:
    """Which LLM is best where, by the released numbers of Figure 8."""
    table, lines, count = ground.table("fig8"), [], 0
    beaten: list[str] = []
    behind: dict[str, list[bool]] = {}
    for panel, values in _panels(table):
        best = max(values, key=lambda name: values[name])
        if panel.metric in PREDICTION:
            count += 1
            beaten += [] if best == BEST else [f"{panel.dataset} {panel.metric}"]
            behind.setdefault(panel.dataset, []).append(best != BEST)
        told = ", ".join(f"{name} {value:.4f}" for name, value in values.items())
        lines.append(f"{panel.dataset} {panel.metric}: {told}; best {best}")
    percentiles = (
        f"{name} {', '.join(str(one.homes[home].get('protocol.percentile')) for home in one.homes)}"
        for name, one in table.methods.items()
    )
    whole = [home for home, panels in behind.items() if all(panels)]
    head = (
        f"in {len(beaten)} of {count} panels of prediction {BEST} is not best: {', '.join(beaten) or '-'}",
        f"homes in which it is best by no metric of prediction: {', '.join(whole) or '-'}",
        f"percentiles for detection, as declared ({', '.join(table.datasets)}): {'; '.join(percentiles)}",
    )
    return Finding(bool(whole), (*head, *lines))


def d46(ground: Ground) -> Finding:
    """Which interval is best where, by the released numbers of Figure 7."""
    lines, ends, count = [], 0, 0
    for panel, values in _panels(ground.table("fig7")):
        for axis, usual in USUAL.items():
            along = {name: value for name, value in values.items() if name.startswith(axis)}
            best = max(along, key=lambda name: along[name])
            first, *_, last = along
            at_end = best in (first, last)
            count, ends = count + 1, ends + at_end
            if best != usual:
                told = f"best at {best}, {along[best]:.4f}{', an end of the range' if at_end else ''}"
                lines.append(f"{panel.dataset} {panel.metric}: {told}; at {usual} {along[usual]:.4f}")
    head = (
        f"of {count} curves {count - len(lines)} are highest at the main setting "
        f"({', '.join(USUAL.values())}), {ends} at an end of the range",
    )
    return Finding(bool(ends), (*head, *lines))


def d47(ground: Ground) -> Finding:
    """GPT-4o's sets and F1 in Figure 8, beside those of Table 2."""
    lines, apart = [], []
    fig8, table2 = ground.table("fig8").released, ground.table("table2").released
    for cell in cells(ground):
        pair = [
            [one for one in _sets(ground, name, cell) if one.llm == "gpt-4o"]
            for name in ("study/diffllmEP", "detection")
        ]
        place = Place(*cell.place, "F1 Score", BEST)
        if not all(pair) or place not in fig8:
            continue
        study, main = (ground.sequences(found[0].path) for found in pair)
        f1 = fig8[place], table2[place._replace(method="SmartGen")]
        if study != main:
            apart.append(cell.dataset.upper())
        told = "the same" if study == main else "another set"
        lines.append(
            f"{cell}: {len(study)} sequences in Figure 8, {len(main)} in Table 2, {told}; F1 {f1[0]:.4f} and "
            f"{f1[1]:.4f}"
        )
    needed([line for line in lines if line.startswith("US")], "GPT-4o's sets of US of the release")
    head = f"of {len(lines)} homes another set is Figure 8's than Table 2's in: {', '.join(apart) or 'none'}"
    return Finding(apart == ["US"], (head, *lines))


def _cell(ground: Ground) -> Cell:
    """Table 4's home and change."""
    found = [cell for cell in cells(ground) if (cell.dataset, cell.new.folder.name) == (HOME, NEW)]
    return needed(found, f"the home {HOME} of the release")[0]


def _ablation_rows(ground: Ground) -> list[Row]:
    """Table 4's result file."""
    rows = result_rows(ground.root / ABLATION / "results", "ablation1_*.csv")
    return [*needed(rows, f"{ABLATION}/results/ablation1_*.csv of the release")]


def _ablation_sets(ground: Ground) -> dict[str, Recording]:
    """Table 4's sets, by the release's names of its columns."""
    found = {one.variant: one for one in scan(ground.root / FOLDER) if one.is_set and one.variant in VARIANTS}
    needed(list(found), f"Table 4's sets, {FOLDER} of the release")
    return found


def _copied(ground: Ground, one: Recording, name: str) -> Recording | None:
    """The unfiltered set that a set of Table 4 is a copy of, where it is there and equal."""
    for other in scan(ground.root / DATA_FOLDER / HOME / NEW):
        named = (other.compression, other.variant) == VARIANTS[name]
        if named and other.is_set and (other.llm, other.threshold) == (one.llm, one.threshold):
            return other if ground.sequences(other.path) == ground.sequences(one.path) else None
    return None


def _size(ground: Ground, one: Recording) -> int:
    return len(ground.sequences(one.path))


def _beside_main(ground: Ground) -> str:
    """Table 4's SmartGen beside Tables 2 and 3."""
    places = {name: Place("SP", "ST", metric, "SmartGen") for name, metric in MAIN.items()}
    told = [
        f"{place.metric} {ground.table('table4').released[place]:.4f}, in Table {name[-1]} "
        f"{ground.table(name).released[place]:.4f}"
        for name, place in places.items()
    ]
    return f"SmartGen in Table 4: {'; '.join(told)}"


def _by_similarity(ground: Ground, log: Sequences) -> Sequences:
    """What compression by the similarity of raw ids keeps of a log."""
    from smartgen.settings import SimilaritySscSettings
    from smartgen.stages.ssc.compress import compress

    settings = SimilaritySscSettings("similarity", threshold=ALPHA)
    return compress(log, ground.vocabulary(HOME), settings, seed=0, weights=dict).sequences


def _survivors(ground: Ground, compression: str) -> Sequences:
    """What a compression left, all weekdays together."""
    names = [f"trn_day_{day}_{compression}_th={ALPHA:g}.pkl" for day in range(7)]
    return Sequences.concatenate(ground.sequences(ground.data(HOME, OLD, name)) for name in names)


def _heated(ground: Ground, raw: Sequences, attack: Sequences) -> int:
    """Attacks that are the unsplit sequence at their place with one behavior made ``Heater:switch on``."""
    vocabulary = ground.vocabulary(HOME)
    heater = (vocabulary.ids[2].get("Heater"), vocabulary.ids[3].get("Heater:switch on"))
    found = 0
    for before, after in zip(raw, attack, strict=False):
        changed = [b for a, b in zip(before, after, strict=False) if a != b]
        found += len(before) == len(after) and [b[DEVICE : ACTION + 1] for b in changed] == [heater]
    return found


def _false_alarms(row: Row, attacks: int) -> float:
    """How many normal sequences were flagged, by precision, recall and the number of attacks."""
    hits = float(row["recall"]) * attacks
    return hits / float(row["precision"]) - hits if float(row["precision"]) else 0.0


def _is_whole(value: float) -> bool:
    return abs(value - round(value)) < WHOLE


def _equal(same: bool) -> str:
    return "equal" if same else "not equal"


def _panels(table: Table) -> Iterator[tuple[Place, Mapping[str, float]]]:
    """F1, NDCG@10 and HR@10 of each home by method."""
    for dataset in table.datasets:
        for transition in table.transitions:
            for metric in ("F1 Score", *PREDICTION):
                at = Place(dataset, transition, metric, "")
                values = {name: table.released.get(at._replace(method=name)) for name in table.methods}
                yield at, {name: value for name, value in values.items() if value is not None}


def _sets(ground: Ground, name: str, cell: Cell) -> list[Recording]:
    """The sets of a collection, or of a folder of one, that are of this cell."""
    collection, _, below = name.partition("/")
    home = (cell.dataset, cell.new.folder.name)
    found = scan(ground.root / COLLECTIONS[collection].folder / below)
    return [one for one in found if one.is_set and (one.dataset, one.context) == home]
