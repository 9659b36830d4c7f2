"""The pipeline's order: split, compress, guide, synthesize, filter; what nothing reads is not run."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from smartgen.core.errors import SmartgenError
from smartgen.core.keys import CODE_VERSIONS, content_key
from smartgen.core.seeds import generator
from smartgen.core.stopwatch import Stopwatch
from smartgen.core.store import Store
from smartgen.core.types import Sequences
from smartgen.data.homes import Home
from smartgen.data.release import release_root
from smartgen.llm.replay import ReplayedSet, replay
from smartgen.settings import CellSettings, ReplaySettings, WalkSettings
from smartgen.stages.gss import behavior_graph
from smartgen.stages.synthesize import Change, walk
from smartgen.stages.tss import split_sequences

Made = TypeVar("Made")


class Pipeline:
    """One cell's stages, each run at most once, when something asks for its output.

    Args:
        cell: the settings, checked already.
        home: the home before and after the change.
        store: where stage outputs are cached.

    Attributes:
        watch: wall seconds of each stage that ran.
    """

    def __init__(self, cell: CellSettings, home: Home, store: Store) -> None:
        self.cell, self.home, self.store = cell, home, store
        self.watch = Stopwatch()

    @cached_property
    def pieces(self) -> Sequences:
        """TSS: the old log's pieces; with ``stage/tss=none`` the raw sequences."""
        tss = self.cell.stage.tss
        if tss.name == "none":
            return self.home.source
        return self._cached(
            "tss",
            self._pieces_key,
            lambda: split_sequences(
                self.home.source,
                self.home.vocabulary,
                tss.max_gap_hours,
                tss.max_duration_hours,
                tss.algorithm,  # type: ignore[arg-type]  # the stage checks the text itself
            ),
        )

    @cached_property
    def synthetic(self) -> Sequences:
        """The synthetic set: recorded, or written by the cell's synthesizer from the stages before it."""
        if isinstance(self.cell.synthesizer, ReplaySettings):
            return self.recorded.sequences
        return self._cached("synthesize", self._synthetic_key, self._walk)

    @cached_property
    def recorded(self) -> ReplayedSet:
        """What the release recorded for this cell."""
        replaying = self.cell.synthesizer
        if not isinstance(replaying, ReplaySettings):
            raise RuntimeError("only synthesizer=replay has recorded answers")
        return self._timed(
            "synthesize",
            lambda: replay(
                release_root(self.cell.paths.release),
                self.cell.dataset.name,
                self.cell.transition.target,
                self.home.vocabulary,
                replaying.level,  # type: ignore[arg-type]  # replay checks the text itself
                replaying.threshold,
                replaying.llm,
                replaying.collection,
                replaying.variant,
                replaying.compression,
                replaying.recover,
            ),
        )

    def input_digests(self, *, source: bool, synthetic: bool) -> dict[str, str]:
        """Checksums of what the cell will read; a cell's key holds them.

        Args:
            source, synthetic: whether the protocol reads these beside the target sequences.
        """
        digests = {"target": self.home.target.digest(), "vocabulary": content_key(self.home.vocabulary.ids)}
        replayed = isinstance(self.cell.synthesizer, ReplaySettings)
        if synthetic and replayed:
            digests["recorded"] = self.recorded.sequences.digest()
        if source or (synthetic and not replayed):
            digests["source"] = self.home.source.digest()
        return digests

    @property
    def counts(self) -> dict[str, int]:
        """What reading answers left out: rejected pieces, and answers without any list (D15)."""
        replaying = self.cell.synthesizer
        if not (isinstance(replaying, ReplaySettings) and replaying.level == "answers"):
            return {}
        read = self.recorded
        told = {"answers": len(read.sources), "unparsable_answers": read.unparsable}
        return told | {"rejects": len(read.rejects)}

    def _walk(self) -> Sequences:
        cell, vocabulary = self.cell, self.home.vocabulary
        settings, change = cell.synthesizer, cell.transition.change
        if not isinstance(settings, WalkSettings):
            raise SmartgenError(f"synthesizer is {settings.name!r}, expected replay or walk")
        edges = None if cell.stage.gss.name == "none" else behavior_graph(self.pieces, vocabulary).edges
        rng = generator(cell.seed, "walk", cell.dataset.name, cell.transition.name)
        wanted = Change(change.hour_shift, change.replace, change.lengthen)
        return walk(self.pieces, edges, vocabulary, wanted, settings.sequences, rng)

    @property
    def _pieces_key(self) -> str:
        return content_key(
            {
                "version": CODE_VERSIONS["tss"],
                "tss": vars(self.cell.stage.tss),
                "source": self.home.source.digest(),
            }
        )

    @property
    def _synthetic_key(self) -> str:
        cell = self.cell
        return content_key(
            {
                "version": [CODE_VERSIONS["synthesize"], CODE_VERSIONS["gss"]],
                "pieces": self._pieces_key,
                "gss": vars(cell.stage.gss),
                "synthesizer": vars(cell.synthesizer),
                "change": vars(cell.transition.change),
                "vocabulary": content_key(self.home.vocabulary.ids),
                "names": [cell.dataset.name, cell.transition.name, cell.seed],
            }
        )

    def _cached(self, stage: str, key: str, make: Callable[[], Sequences]) -> Sequences:
        return self._timed(stage, lambda: self.store.sequences(stage, key, make, self.cell.force))

    def _timed(self, stage: str, make: Callable[[], Made]) -> Made:
        with self.watch.measure(stage):
            return make()


def make_store(outputs: str) -> Store:
    """The stage cache of an outputs folder."""
    return Store(Path(outputs) / "cache")
