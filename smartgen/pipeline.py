"""The pipeline's order: split, compress, guide, synthesize, filter; what nothing reads is not run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from smartgen.core.errors import SmartgenError
from smartgen.core.keys import CODE_VERSIONS, content_key
from smartgen.core.seeds import seed_for
from smartgen.core.stopwatch import Stopwatch
from smartgen.core.store import Arrays, Store, sequence_arrays, sequences_from
from smartgen.core.types import Sequences
from smartgen.data.homes import Home
from smartgen.data.release import release_root
from smartgen.llm.plan import Plan
from smartgen.llm.replay import ReplayedSet, replay
from smartgen.metrics.synthetic import synthetic_quality
from smartgen.reads import reads_synthetic
from smartgen.settings import (
    AutoencoderSettings,
    CellSettings,
    EncodedSscSettings,
    RecordedTofSettings,
    ReleasedProtocolSettings,
    ReplaySettings,
    SelectionSettings,
    StageOneSettings,
)
from smartgen.shift_synthesis import ShiftSynthesis
from smartgen.stages.ssc import Compressed
from smartgen.stages.tss import split_sequences
from smartgen.synthesis import LiveSynthesis, write_control
from smartgen.synthesizer_settings import LlmSettings

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
        if self.cell.stage.tss.name == "none":
            return self.home.source
        key = self._pieces_key
        return self._timed(
            "tss",
            lambda: self.store.sequences("tss", key, lambda: self.split(self.home.source), self.cell.force),
        )

    def split(self, raw: Sequences) -> Sequences:
        """Any raw sequences as the cell's TSS splits them."""
        tss = self.cell.stage.tss
        if tss.name == "none":
            return raw
        return split_sequences(
            raw,
            self.home.vocabulary,
            tss.max_gap_hours,
            tss.max_duration_hours,
            tss.algorithm,  # type: ignore[arg-type]  # the stage checks the text itself
        )

    @cached_property
    def compressed(self) -> Compressed:
        """SSC: representative pieces; with ``stage/ssc=none`` all of them."""
        settings = self.cell.stage.ssc
        if not isinstance(settings, SelectionSettings):
            return Compressed(self.pieces, float("nan"))

        def make() -> Arrays:
            from smartgen.stages.ssc.compress import compress

            vocabulary, device = self.home.vocabulary, self._device
            found = compress(
                self.pieces, vocabulary, settings, self._seed("ssc"), self._encoder, device, self._cosines
            )
            return sequence_arrays(found.sequences) | {"threshold": np.array(found.threshold)}

        key = self._ssc_key("ssc", vars(settings))
        arrays = self._timed("ssc", lambda: self.store.arrays("ssc", key, make, self.cell.force))
        return Compressed(sequences_from(arrays), float(arrays["threshold"]))

    def _encoder(self) -> Arrays:
        """The trained autoencoder of SSC, which all thresholds share."""
        settings = self.cell.stage.ssc
        if not isinstance(settings, EncodedSscSettings):
            raise RuntimeError(f"stage/ssc={settings.name} has no encoder")

        def make() -> Arrays:
            from smartgen.stages.ssc.vectors import train_encoder

            trainer, seed = self.cell.trainer, self._seed("ssc_encoder")
            return train_encoder(self.pieces, self.home.vocabulary, settings, trainer, seed)

        names = [*(field.name for field in fields(AutoencoderSettings)), "positions"]
        key = self._ssc_key("ssc_encoder", {name: getattr(settings, name) for name in names})
        with self.watch.measure("ssc_training"):
            return self.store.arrays("ssc_encoder", key, make, self.cell.force)

    def _cosines(self, make: Callable[[], Arrays]) -> Arrays:
        """Cosines between encoded pieces, which all thresholds and shares choose by."""
        chosen = ("name", "threshold", "share")
        settings = {name: value for name, value in vars(self.cell.stage.ssc).items() if name not in chosen}
        key = self._ssc_key("ssc", {"cosines": settings, "encoder_seed": self._seed("ssc_encoder")})
        return self.store.arrays("ssc_cosines", key, make, self.cell.force)

    @cached_property
    def written(self) -> Sequences:
        """The synthetic set before TOF: recorded, or written from the stages before it."""
        cell = self.cell
        if isinstance(cell.synthesizer, ReplaySettings):
            return self.recorded.sequences
        if self.live is not None:
            return self._timed("synthesize", self._read_answers)
        survivors = self.compressed.sequences

        def make() -> Sequences:
            return write_control(cell, cell.synthesizer, self.home, survivors, self.pieces)

        key = self._written_key
        return self._timed("synthesize", lambda: self.store.sequences("synthesize", key, make, cell.force))

    @cached_property
    def live(self) -> LiveSynthesis | None:
        """The LLM that writes, if one does."""
        settings = self.cell.synthesizer
        if not isinstance(settings, LlmSettings):
            return None
        of = ShiftSynthesis if settings.answer == "shifts" else LiveSynthesis
        return of(self.cell, settings, self.home, lambda: self.compressed.sequences, lambda: self.pieces)

    def plan(self) -> Plan | None:
        """What the cell would ask an LLM; None where it asks none. Stages before it run, no call is made."""
        return None if self.live is None or not reads_synthetic(self.cell) else self.live.plan()

    def _read_answers(self) -> Sequences:
        """Answers are cached raw, so what is read of them is never stale."""
        live = self.live
        if live is None:
            raise RuntimeError("no LLM writes for this cell")
        written = live.written
        if not len(written.sequences):
            raise SmartgenError(f"synthesizer={self.cell.synthesizer.name}: {written.useless}")
        return written.sequences

    @cached_property
    def synthetic(self) -> Sequences:
        """TOF: what is left of the synthetic set; with ``stage/tof=none`` all of it."""
        settings = self.cell.stage.tof
        if isinstance(settings, RecordedTofSettings):
            return self._recorded(settings.variant).sequences
        if self.filtered is None:
            return self.written
        return self.written.take(self.filtered["index"])

    @cached_property
    def filtered(self) -> Arrays | None:
        """What TOF decided (``stages.tof.filter.Filtered``, as arrays); None where it does not run."""
        cell, settings = self.cell, self.cell.stage.tof
        if not isinstance(settings, StageOneSettings):
            return None

        def make() -> Arrays:
            from smartgen.stages.tof.filter import filter_outliers

            seed = self._seed("tof")
            return filter_outliers(self.written, self.home.vocabulary, settings, cell.trainer, seed).arrays()

        key = self._net_key("tof", {"tof": vars(settings), "written": self.written.digest()})
        return self._timed("tof", lambda: self.store.arrays("tof", key, make, cell.force))

    def reconstruction(self, read: dict[str, Any], make: Callable[[], Arrays]) -> Arrays:
        """Losses of an autoencoder that was trained on what SSC keeps (paper A.2).

        Args:
            read: what they hang on beside trainer, vocabulary and seed: sets and settings.
            make: trains and measures.
        """
        training = {"training": CODE_VERSIONS["ssc_encoder"], "cell_seed": self.cell.seed}
        key = self._net_key("cell", read | training)
        return self.store.arrays("reconstruction", key, make, self.cell.force)

    @cached_property
    def recorded(self) -> ReplayedSet:
        """What the release recorded for this cell."""
        replaying = self.cell.synthesizer
        if not isinstance(replaying, ReplaySettings):
            raise RuntimeError("only synthesizer=replay has recorded answers")
        return self._recorded(replaying.variant)

    def _recorded(self, variant: str | None) -> ReplayedSet:
        replaying = self.cell.synthesizer
        if not isinstance(replaying, ReplaySettings):
            raise RuntimeError("only synthesizer=replay has recorded sets")
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
                variant,
                replaying.compression,
                replaying.recover,
            ),
        )

    def input_digests(self, *, source: bool, synthetic: bool) -> dict[str, str]:
        """Checksums of what the cell will read; a cell's key holds them.

        Args:
            source, synthetic: whether the protocol reads these beside the target sequences. A synthetic set
                is also measured beside the source, see ``quality``.
        """
        vocabulary = self.home.vocabulary
        digests = {"vocabulary": content_key(vocabulary.ids)}
        if self.home.knows_target:
            digests["target"] = self.home.target.digest()
        if self.cell.dataset.kind == "logs":  # others' are fixed
            digests["off_actions"] = content_key(sorted(vocabulary.off_actions))
        replayed = isinstance(self.cell.synthesizer, ReplaySettings)
        if synthetic and replayed:
            digests["recorded"] = self.recorded.sequences.digest()
            if isinstance(self.cell.stage.tof, RecordedTofSettings):
                digests["filtered"] = self.synthetic.digest()
        if source or synthetic:
            digests["source"] = self.home.source.digest()
        if synthetic and self.live is not None:
            digests |= self.live.digests
        return digests

    @property
    def counts(self) -> dict[str, int]:
        """Sizes of the synthetic set; what TOF found; what reading answers left out (D15)."""
        told = {"written": len(self.written), "synthetic": len(self.synthetic)}
        if self.filtered is not None:
            told["outliers"] = len(self.filtered["outliers"])
            if "kept" in self.filtered:
                told["outliers_kept"] = int(self.filtered["kept"].sum())
                told["outliers_undecided"] = int(self.filtered["undecided"].sum())
        if self.live is not None:
            told |= self.live.written.counts
        replaying = self.cell.synthesizer
        if isinstance(replaying, ReplaySettings) and replaying.level == "answers":
            read = self.recorded
            told |= {"answers": len(read.sources), "unparsable_answers": read.unparsable}
            told["rejects"] = len(read.rejects)
        return told

    @property
    def quality(self) -> dict[str, float]:
        """How good the synthetic set is by itself, beside the real sequences of both contexts."""
        home = self.home

        def make() -> Arrays:
            found = synthetic_quality(self.synthetic, self.pieces, self.split(home.target), home.vocabulary)
            return {name: np.array(value) for name, value in found.items()}

        read = {"synthetic": self.synthetic.digest(), "target": home.target.digest()}
        read |= {"pieces": self._pieces_key, "vocabulary": content_key(home.vocabulary.ids)}
        key = content_key(read | {"version": CODE_VERSIONS["quality"]})
        arrays = self._timed("quality", lambda: self.store.arrays("quality", key, make, self.cell.force))
        return {name: float(value) for name, value in arrays.items()}

    @property
    def _pieces_key(self) -> str:
        tss = self.cell.stage.tss
        return content_key(
            {
                "version": CODE_VERSIONS["tss"],
                "tss": vars(tss),
                "source": self.home.source.digest(),
                # The one algorithm that reads them.
                "off": sorted(self.home.vocabulary.off_actions) if tss.algorithm == "paper" else [],
            }
        )

    @property
    def _written_key(self) -> str:
        cell = self.cell
        compressed = self.compressed.sequences.digest() if cell.stage.ssc.name != "none" else ""
        return content_key(
            {
                "version": [CODE_VERSIONS["synthesize"], CODE_VERSIONS["gss"]],
                "pieces": self._pieces_key,
                "compressed": compressed,
                "gss": vars(cell.stage.gss),
                "synthesizer": vars(cell.synthesizer),
                "change": vars(cell.transition.change),
                "vocabulary": content_key(self.home.vocabulary.ids),
                "names": [cell.dataset.name, cell.transition.name, cell.seed],
            }
        )

    def _ssc_key(self, stage: str, settings: dict[str, Any]) -> str:
        encoder = {"encoder": CODE_VERSIONS["ssc_encoder"]}  # what is chosen hangs on its weights
        return self._net_key(stage, encoder | {"ssc": settings, "pieces": self._pieces_key})

    def _net_key(self, stage: str, what: dict[str, Any]) -> str:
        """The key of a stage that trains a network."""
        trainer = {name: value for name, value in vars(self.cell.trainer).items() if name != "progress"}
        net = {"version": CODE_VERSIONS[stage], "trainer": trainer, "seed": self._seed(stage)}
        return content_key(what | net | {"pad": self.home.vocabulary.pad})

    def _seed(self, stage: str) -> int:
        """Of a stage that trains a network: the cell's own if the release prescribes it, else from names."""
        cell = self.cell
        if isinstance(cell.protocol, ReleasedProtocolSettings):
            return cell.seed
        return seed_for(cell.seed, stage, cell.dataset.name, cell.transition.name)

    @property
    def _device(self) -> str:
        """Where encoding runs, in torch's words."""
        accelerator = self.cell.trainer.accelerator
        return "cuda" if accelerator in ("gpu", "cuda") else accelerator

    def _timed(self, stage: str, make: Callable[[], Made]) -> Made:
        with self.watch.measure(stage):
            return make()


def make_store(outputs: str) -> Store:
    """The stage cache of an outputs folder."""
    return Store(Path(outputs) / "cache")
