import numpy as np
import pytest

from smartgen.metrics.bootstrap import interval, resampled_means


def test_intervals_are_those_of_the_normal_law_where_it_holds() -> None:
    values = np.random.default_rng(0).normal(0.5, 0.2, 400)
    means = resampled_means(values[:, None], np.arange(400), np.random.default_rng(1))[:, 0]
    low, high = interval(means)
    half = 1.96 * values.std() / 20
    assert (low, high) == (
        pytest.approx(values.mean() - half, abs=0.003),
        pytest.approx(values.mean() + half, abs=0.003),
    )


def test_clusters_move_as_one() -> None:
    values = np.repeat(np.random.default_rng(0).normal(size=50), 4)[:, None]
    apart = resampled_means(values, np.arange(200), np.random.default_rng(1)).std()
    together = resampled_means(values, np.repeat(np.arange(50), 4), np.random.default_rng(1)).std()
    assert together == pytest.approx(2 * apart, rel=0.15)


def test_columns_share_their_draws() -> None:
    values = np.random.default_rng(0).normal(size=(30, 1))
    means = resampled_means(np.hstack([values, values + 1]), np.arange(30), np.random.default_rng(1))
    assert means[:, 1] - means[:, 0] == pytest.approx(1)
