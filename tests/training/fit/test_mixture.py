import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.fit.mixture import Mixture


@given(
    own=st.integers(1, 40),
    pool=st.lists(st.integers(0, 3), max_size=60),
    least=st.integers(0, 100),
    replay=st.floats(0, 3),
    balanced=st.booleans(),
    seed=st.integers(0, 99),
)
def test_an_epoch(
    own: int, pool: list[int], least: int, replay: float, balanced: bool, seed: int
) -> None:
    labels = np.array([0] * own + pool, np.int64)
    mixture = Mixture(own, labels, least, replay, balanced)
    drawn = mixture.draw(np.random.default_rng(seed))
    assert len(drawn) == len(mixture)
    shown = drawn[drawn < own]
    assert len(shown) >= max(own, least)
    # Every face of one's own, each as often as the others.
    assert set(np.bincount(shown, minlength=own).tolist()) == {len(shown) // own}
    replayed = drawn[drawn >= own]
    wanted = round(replay * len(shown)) if pool else 0
    assert len(replayed) == (wanted if balanced else min(wanted, len(pool)))
    assert balanced or len(set(replayed.tolist())) == len(replayed)


def test_classes_are_replayed_alike_though_the_pool_has_more_of_one() -> None:
    labels = np.array([0] * 4 + [0] * 90 + [1] * 10 + [2] * 10)
    drawn = Mixture(4, labels, least=0, replay=6.0).draw(np.random.default_rng(1))
    assert np.bincount(labels[drawn[4:]]).tolist() == [8, 8, 8]


@pytest.mark.parametrize("seeds", [(1, 1), (1, 2)])
def test_the_draw_is_that_of_the_seed(seeds: tuple[int, int]) -> None:
    mixture = Mixture(4, np.arange(100) % 5, least=8, replay=2.0)
    first, second = (mixture.draw(np.random.default_rng(seed)).tolist() for seed in seeds)
    assert (first == second) is (seeds[0] == seeds[1])
