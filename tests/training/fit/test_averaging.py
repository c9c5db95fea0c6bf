"""Weights averaged with those of other trainings."""

from pathlib import Path

import keras
import numpy as np
import pytest

from fer.errors import DataError
from fer.labels import FER2013_LABELS
from fer.model.spec import ModelSpec
from tests.conftest import SHIPPED_MODEL
from tests.training.commands.test_train import TINY, bars
from training.fit.loop import fit
from training.fit.pretrained import average, weights_of
from training.networks.build import build
from training.presets.schema import Preset

HEADS = {"expression": 7, "votes": 8}


def saved(directory: Path, seed: int, preset: Preset = TINY) -> keras.Model:
    """Write a network of random weights where a training would, and return it."""
    keras.utils.set_random_seed(seed)
    network = build(preset, HEADS)
    directory.mkdir()
    network.save(directory / "model.keras")
    ModelSpec.load(SHIPPED_MODEL).save(directory)
    return network


def test_with_nothing_else_the_weights_stay() -> None:
    network = build(TINY, HEADS)
    before = network.get_weights()
    average(network, [])
    assert all((a == b).all() for a, b in zip(before, network.get_weights(), strict=True))


def test_every_training_counts_alike(tmp_path: Path) -> None:
    others = [saved(tmp_path / name, seed) for seed, name in enumerate("ab")]
    network = build(TINY, HEADS)
    parts = [model.get_weights() for model in (network, *others)]
    average(network, [weights_of(tmp_path / name, network, FER2013_LABELS) for name in "ab"])
    for found, *three in zip(network.get_weights(), *parts, strict=True):
        assert found == pytest.approx(sum(three) / 3, abs=1e-6)


def test_a_training_ends_with_the_mean(tmp_path: Path) -> None:
    """And with batch-norm statistics for it, which the mean of the statistics is not."""
    other = saved(tmp_path / "other", 8)
    runs = {
        name: fit(
            TINY, bars(32, 1), bars(8, 2), seed=5, work_dir=tmp_path / "work", resume=True,
            verbose=0, averaged_with=averaged,
        ).model
        for name, averaged in (("alone", ()), ("mean", (tmp_path / "other",)))
    }  # fmt: skip
    alone, mean = (runs[name].trainable_variables for name in ("alone", "mean"))
    for found, a, b in zip(mean, alone, other.trainable_variables, strict=True):
        assert np.asarray(found) == pytest.approx((np.asarray(a) + np.asarray(b)) / 2, abs=1e-6)
    statistics = [
        [np.asarray(w) for w in model.non_trainable_variables if "moving" in w.path]
        for model in (runs["mean"], runs["alone"], other)
    ]
    naive = [(a + b) / 2 for a, b in zip(*statistics[1:], strict=True)]
    assert any(np.abs(a - b).max() > 0.1 for a, b in zip(statistics[0], naive, strict=True))


@pytest.mark.parametrize(
    ("directory", "labels", "said"),
    [
        ("none", FER2013_LABELS, "is missing"),
        ("same", FER2013_LABELS[::-1], "the data set has neutral"),
        ("wide", FER2013_LABELS, "another network"),
    ],
)
def test_what_cannot_be_averaged_with_is_told_before_the_training(
    tmp_path: Path, directory: str, labels: tuple[str, ...], said: str
) -> None:
    saved(tmp_path / "same", 1)
    saved(tmp_path / "wide", 1, TINY.override({"widths": (8, 8, 16)}))
    network = build(TINY, HEADS)
    assert weights_of(tmp_path / "same", network, FER2013_LABELS)
    with pytest.raises(DataError, match=said):
        weights_of(tmp_path / directory, network, labels)


def test_the_mistake_is_told_before_anything_is_learnt(tmp_path: Path) -> None:
    saved(tmp_path / "wide", 1, TINY.override({"widths": (8, 8, 16)}))
    with pytest.raises(DataError, match="another network"):
        fit(
            TINY, bars(32, 1), bars(8, 2), seed=5, work_dir=tmp_path / "work", verbose=0,
            averaged_with=[tmp_path / "wide"],
        )  # fmt: skip
    assert not list((tmp_path / "work").iterdir())
