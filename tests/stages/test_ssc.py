from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from smartgen.core.errors import SmartgenError
from smartgen.core.store import Arrays
from smartgen.core.types import DAY, Sequences
from smartgen.data.release import context_file, read_sequences, read_vocabulary
from smartgen.data.vocabulary import Vocabulary
from smartgen.settings import EncodedSscSettings, SimilaritySscSettings, TrainerSettings
from smartgen.stages.ssc.compress import compress, grouped, search, shares, without_trailing_zeros
from smartgen.stages.ssc.cosines import all_cosines, pairs, select_among
from smartgen.stages.ssc.vectors import Weights, encoded, longest, train_encoder
from smartgen.training.trainer import seed_everything

VOCABULARY = Vocabulary(("A", "B", "C"), tuple(f"{d}:{i}" for d in "ABC" for i in range(4)))
RELEASED = EncodedSscSettings(
    "released", threshold=0.9, d_model=16, heads=2, layers=1, epochs=2, batch_size=16
)
SOUND = replace(
    RELEASED, name="sound", dropout=False, positions=True, pooling="mean", group="all", threshold=0.99
)
CPU = TrainerSettings(accelerator="cpu")


def home(count: int = 60) -> Sequences:
    """Pieces of one to four behaviors on three weekdays, half of them repeats."""
    rng = np.random.default_rng(5)
    lists: list[list[int]] = []
    for i in range(count):
        if i % 2 and lists:
            lists.append(lists[int(rng.integers(0, len(lists)))])
            continue
        behaviors = [
            [int(rng.integers(0, 3)), int(rng.integers(0, 8)), d, 4 * d + int(rng.integers(1, 4))]
            for d in rng.integers(0, 3, int(rng.integers(1, 5)))
        ]
        lists.append([i for behavior in behaviors for i in behavior])
    return Sequences.from_lists(lists)


@pytest.fixture(scope="module")
def weights() -> Weights:
    return train_encoder(home(), VOCABULARY, RELEASED, CPU, seed=1)


@pytest.mark.parametrize("name", ["released", "sound", "similarity", "random"])
def test_survivors_come_from_the_log_and_the_same_seed_gives_the_same(name: str, weights: Weights) -> None:
    settings = {
        "released": RELEASED,
        "sound": replace(SOUND, positions=False),
        "similarity": SimilaritySscSettings("similarity", threshold=0.9),
        "random": replace(RELEASED, name="random"),
    }[name]
    found = [compress(home(), VOCABULARY, settings, 3, lambda: weights) for _ in range(2)]
    assert found[0] == found[1] or np.isnan(found[0].threshold)
    assert found[0].sequences == found[1].sequences
    assert 0 < len(found[0].sequences) < len(home())
    assert set(found[0].sequences.contents()) <= set(home().contents())


def test_survivors_stand_weekday_by_weekday_in_file_order(weights: Weights) -> None:
    pieces = home()
    found = compress(pieces, VOCABULARY, replace(RELEASED, dropout=False), 3, lambda: weights).sequences
    days = found.values[found.offsets[:-1], DAY].tolist()
    assert days == sorted(days)
    contents = pieces.contents()
    for group in grouped(found, "weekday"):
        first = [contents.index(content) for content in found.take(group).contents()]
        assert first == sorted(first)


def test_equal_sequences_part_by_dropout_alone(weights: Weights) -> None:
    twins = home().take([0] * 8)

    def cosines(settings: EncodedSscSettings) -> torch.Tensor:
        seed_everything(2)
        vectors = torch.cat(list(encoded(VOCABULARY, settings, weights, longest(twins))(twins)))
        unit = torch.nn.functional.normalize(vectors, dim=1)
        return (unit @ unit.T)[~torch.eye(8, dtype=torch.bool)]

    assert torch.allclose(cosines(replace(RELEASED, dropout=False)), torch.tensor(1.0), atol=1e-5)
    apart = cosines(RELEASED)
    assert 0.6 < float(apart.min()) <= float(apart.max()) < 0.995
    assert torch.equal(apart, cosines(RELEASED)), "seeded"


def test_pads_count_in_the_released_vectors_and_not_in_the_sound_ones(weights: Weights) -> None:
    one = home().take([0])

    def vector(settings: EncodedSscSettings, length: int) -> torch.Tensor:
        return next(iter(encoded(VOCABULARY, settings, weights, length)(one)))

    sound = replace(SOUND, positions=False)
    assert torch.allclose(vector(sound, 4), vector(sound, 10), atol=1e-5)
    assert vector(RELEASED, 10).shape == (1, 40 * 16)
    padding = vector(replace(RELEASED, dropout=False), 10)[0, 4 * 16 * int(one.lengths[0]) :]
    assert (padding == 0).all()


def test_positions_tell_orders_apart() -> None:
    forth = Sequences.from_lists([[0, 1, 0, 1, 0, 1, 1, 5], [0, 1, 1, 5, 0, 1, 0, 1]])
    for positions, same in ((False, True), (True, False)):
        settings = replace(SOUND, positions=positions)
        weights = train_encoder(home(), VOCABULARY, settings, CPU, seed=1)
        a, b = next(iter(encoded(VOCABULARY, settings, weights, 10)(forth)))
        assert torch.allclose(a, b, atol=1e-5) == same


@pytest.mark.parametrize("share", [0.1, 0.3, 0.6, 1.0])
def test_a_share_is_reached_as_nearly_as_the_vectors_allow(share: float, weights: Weights) -> None:
    settings = replace(RELEASED, share=share, threshold=None)
    found = compress(home(), VOCABULARY, settings, 3, lambda: weights)
    assert abs(len(found.sequences) - share * 60) <= 3
    again = replace(settings, share=None, threshold=found.threshold)
    # By the threshold found, blocks of one weekday are drawn as in the search.
    assert compress(home(), VOCABULARY, again, 3, lambda: weights).sequences == found.sequences


@pytest.mark.parametrize(
    "settings", [RELEASED, replace(RELEASED, dropout=False), replace(SOUND, positions=False)]
)
@pytest.mark.parametrize("chosen", [{"threshold": 0.8, "share": None}, {"threshold": None, "share": 0.3}])
def test_cosines_and_vectors_choose_the_same(
    settings: EncodedSscSettings, chosen: dict[str, float], weights: Weights, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = compress(home(), VOCABULARY, replace(settings, **chosen), 3, lambda: weights)
    monkeypatch.setattr("smartgen.stages.ssc.compress.MAX_PAIRS", 0)
    many = compress(home(), VOCABULARY, replace(settings, **chosen), 3, lambda: weights)
    assert (few.sequences, few.threshold) == (many.sequences, many.threshold)
    assert 0 < len(few.sequences) < len(home())


def test_cosines_that_were_kept_serve_without_the_encoder(weights: Weights) -> None:
    kept: list[Arrays] = []

    def keep(make: Callable[[], Arrays]) -> Arrays:
        kept.append(make())
        return kept[0]

    first = compress(home(), VOCABULARY, RELEASED, 3, lambda: weights, cached=keep)
    assert [len(cosines) for cosines in kept[0].values()] == [
        pairs([len(g)]) for g in grouped(home(), "weekday")
    ]
    again = compress(home(), VOCABULARY, RELEASED, 3, dict, cached=lambda _: kept[0])
    assert again.sequences == first.sequences


def test_at_one_equal_sequences_all_stay(weights: Weights) -> None:
    settings = replace(RELEASED, dropout=False, threshold=1.0)
    assert len(compress(home(), VOCABULARY, settings, 3, lambda: weights).sequences) == len(home())


def among(*vectors: list[float] | np.ndarray) -> Callable[[float], list[NDArray[np.int64]]]:
    cosines = all_cosines([torch.tensor(np.array(vectors))])
    return lambda threshold: [select_among(cosines, len(vectors), threshold)]


def test_a_search_that_no_threshold_satisfies_gives_the_nearest() -> None:
    threshold, kept = search(among([1.0, 0], [0, 1.0], [1.0, 0], [0, 1.0]), 4)
    assert kept[0].tolist() == [0, 1]
    assert 0 <= threshold < 1


@pytest.mark.parametrize("spread", [1.0, 1e-2, 1e-4])
def test_a_share_is_found_among_vectors_that_hardly_differ(spread: float) -> None:
    vectors = torch.ones(32) + spread * torch.randn(200, 32, generator=torch.Generator().manual_seed(0))
    for wanted in (20, 100, 180):
        assert abs(len(search(among(*vectors.numpy()), wanted)[1][0]) - wanted) <= 3


def test_random_takes_as_many_of_each_weekday_as_ssc_would(weights: Weights) -> None:
    ssc = compress(home(), VOCABULARY, RELEASED, 3, lambda: weights).sequences
    control = compress(home(), VOCABULARY, replace(RELEASED, name="random"), 3, lambda: weights).sequences
    assert [len(g) for g in grouped(ssc, "weekday")] == [len(g) for g in grouped(control, "weekday")]
    assert ssc != control
    share = replace(RELEASED, name="random", share=0.5)
    assert len(compress(home(), VOCABULARY, share, 3, dict).sequences) == 30


@given(st.lists(st.integers(0, 50), min_size=1, max_size=8), st.floats(0, 1))
def test_shares_are_near_and_sum_up(sizes: list[int], share: float) -> None:
    counts = shares(sizes, share)
    assert sum(counts) == round(share * sum(sizes))
    assert all(abs(count - share * size) <= 1 for count, size in zip(counts, sizes, strict=True))


def test_trailing_zeros_take_the_last_behavior_with_them() -> None:
    kept = without_trailing_zeros(
        Sequences.from_lists([[1, 2, 3, 0], [1, 2, 3, 4, 1, 2, 3, 0], [1, 2, 3, 0, 1, 2, 3, 4]])
    )
    assert kept.to_lists() == [[1, 2, 3, 4], [1, 2, 3, 0, 1, 2, 3, 4]]
    one = Sequences.from_lists([[0, 1, 0, 4], [3, 1, 0, 0]])
    for strip, count in ((True, 1), (False, 2)):
        settings = SimilaritySscSettings("similarity", threshold=0.999, strip_zeros=strip)
        assert len(compress(one, VOCABULARY, settings, 0, dict).sequences) == count


def test_nothing_to_compress_is_an_error() -> None:
    with pytest.raises(SmartgenError, match="no sequence to compress"):
        compress(home()[:0], VOCABULARY, RELEASED, 0, dict)


@pytest.mark.release
def test_without_dropout_the_releases_thresholds_all_keep_the_same(release: Path) -> None:
    """FR daytime: 30 for every published threshold (the release keeps 41 to 46, by dropout)."""
    pieces = read_sequences(context_file(release, "fr", "daytime", "split_trn.pkl"))
    vocabulary = read_vocabulary(release, "fr")
    settings = EncodedSscSettings("released", dropout=False)
    weights = train_encoder(pieces, vocabulary, settings, CPU, seed=2024)
    counts = [
        len(compress(pieces, vocabulary, replace(settings, threshold=t), 2024, lambda: weights).sequences)
        for t in (0.917, 0.918, 0.919, 0.92)
    ]
    assert counts == [30] * 4
    with_dropout = [
        len(
            compress(
                pieces, vocabulary, replace(settings, dropout=True, threshold=t), 2024, lambda: weights
            ).sequences
        )
        for t in (0.917, 0.92)
    ]
    assert 35 < with_dropout[0] < with_dropout[1] < 60
