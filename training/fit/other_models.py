"""Other models that a training learns from: their answers as targets, and their weights.

Teachers' answers soften labels, a third of which are debatable.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from fer.errors import DataError
from fer.evaluation.report import Report
from fer.labels import EXPRESSION_HEAD, FERPLUS_HEAD
from fer.model.classifier import softmax
from fer.model.spec import ModelSpec
from fer.records import file_sha256
from fer.types import Floats
from training.data.dataset import DataSet, LabelledFaces, check_known
from training.evaluation.predict import SpreadClassifier
from training.export import keras_file
from training.networks import load_network
from training.presets.schema import Preset

#: Layers that stay in float32: input standardisation and the logits.
_FLOAT32_LAYERS = (keras.layers.LayerNormalization, keras.layers.Dense)

_NEEDED = "a teacher of every picture needs it"


@dataclass(frozen=True)
class Teachers:
    """The models that a run learns from. They are only run when their answers are first used.

    They predict each face once, or every augmented image of it. A teacher has memorised its
    training faces and their labels; on newly warped images it shows what it has generalised (Beyer
    et al. 2022). Only the student sees the degraded images, so it learns to recognise in them what
    the teachers recognise in the undegraded ones.

    Attributes:
        weight: weight of their answers in the targets of the expression head, 0…1; of all, or
            ``(n, 1)`` of each face.
        digests: digests of everything that determines their answers.
        of_ferplus: whether their answers are the targets of the FER+ head too, where nobody voted.
    """

    directories: tuple[Path, ...]
    faces: LabelledFaces
    preset: Preset
    weight: float | Floats
    digests: tuple[str, ...] = ()
    of_ferplus: bool = False

    @property
    def see_pictures(self) -> bool:
        """Whether they predict every augmented image."""
        return self.preset.teaching == "pictures"

    @cached_property
    def answers(self) -> dict[str, Floats]:
        """Their mean answers to each face and its mirror image, ``(n, k)`` of each head."""
        sides = (self.faces.images, np.ascontiguousarray(self.faces.images[:, :, ::-1]))
        models = [SpreadClassifier(directory) for directory in self.directories]
        said = [model.all_heads(side) for model in models for side in sides]
        heads = (EXPRESSION_HEAD, *([FERPLUS_HEAD] if self.of_ferplus else []))
        return {h: np.mean([one[h] for one in said], axis=0, dtype=np.float32) for h in heads}

    @cached_property
    def networks(self) -> list[tuple[keras.Model, np.float32]]:
        """Their networks with the costly layers in the preset's precision, and temperatures."""
        found = []
        for directory in self.directories:
            network = load_network(keras_file(directory, _NEEDED), compile=False)
            temperature = ModelSpec.load(directory).head(EXPRESSION_HEAD).temperature
            found.append((_in_precision(network, self.preset.precision), np.float32(temperature)))
        return found

    def on_faces(self, one_hot: Floats) -> Floats:
        """Return the labels ``(n, k)`` of all faces mixed with the answers (Hinton et al. 2015)."""
        answers = self.answers[EXPRESSION_HEAD]
        return np.asarray((1 - self.weight) * one_hot + self.weight * answers, np.float32)

    def on_pictures(
        self, shares: Floats, images: Floats, rng: np.random.Generator, indices: NDArray[np.int64]
    ) -> Floats:
        """Return the targets of a batch ``(n, k)`` from those by the labels, and float32 images.

        Each teacher sees either the images or their mirror images, chosen at random. Over the
        epochs this averages both, which is better than either alone, at half the cost.
        """
        predictions = []
        for network, temperature in self.networks:
            mirror = rng.random() < 0.5
            inputs = np.ascontiguousarray(images[:, :, ::-1]) if mirror else images
            scores = np.asarray(network.predict_on_batch(inputs)[EXPRESSION_HEAD], np.float32)
            # NumPy 2.5 types the quotient of two float32 arrays as any float.
            predictions.append(softmax(np.asarray(scores / temperature, np.float32)))
        weight = self.weight
        if isinstance(weight, np.ndarray):
            weight = weight[indices]
        mean = np.mean(predictions, axis=0)
        return np.asarray((1 - weight) * shares + weight * mean, np.float32)


def _in_precision(network: keras.Model, precision: str) -> keras.Model:
    """Return the network with its costly layers in another precision, except in nested models."""

    def converted(layer: keras.layers.Layer) -> keras.layers.Layer:
        settings = layer.get_config()
        if not isinstance(layer, _FLOAT32_LAYERS):
            settings["dtype"] = precision
        return layer.__class__.from_config(settings)

    clone = keras.models.clone_model(network, clone_function=converted)
    clone.set_weights(network.get_weights())
    return clone


def teachers_for(
    preset: Preset, directories: Sequence[Path], faces: LabelledFaces
) -> Teachers | None:
    """Return the teachers of a run; ``None`` if the preset gives them no weight.

    Raises:
        DataError: no teacher was named, or one has other classes, another image shape, or no Keras
            file although one is needed.
        ModelError: a directory is not a model directory.
    """
    if not preset.teacher_weight:
        return None
    if not directories:
        raise DataError("this preset learns from a teacher: name its directory with --teacher.")
    digests = []
    for directory in directories:
        spec = ModelSpec.load(directory)
        check_known(f"teacher {spec.name}", spec.labels, faces.class_names)
        form = (spec.input_size, spec.input_size, spec.channels)
        if form != faces.images.shape[1:]:
            raise DataError(
                f"teacher {spec.name} looks at images {form}; this preset has "
                f"{faces.images.shape[1:]}."
            )
        digest = spec.sha256
        if preset.teaching == "pictures":
            file = keras_file(directory, _NEEDED)
            digest = f"{file_sha256(file)} at {spec.head(EXPRESSION_HEAD).temperature:g}"
        digests.append(digest)
    return Teachers(tuple(directories), faces, preset, preset.teacher_weight, tuple(digests))


def initial_answers(
    initial: Path, faces: LabelledFaces, weights: Floats, preset: Preset
) -> Teachers:
    """Return a model that goes on learning as its own teacher, where its answers are to be kept.

    Learning without forgetting (Li & Hoiem 2016): what a network said before it learns something
    new is what it shall go on to say. Here that holds for faces like those that it learnt from in
    the expression head, and for faces on which nobody voted in the FER+ head. On an augmented image
    it says what it has generalised, not the label that it memorised. The weights ``(n, 1)``, 0…1,
    are those of its answers in the targets of the expression head.
    """
    spec = ModelSpec.load(initial)
    digest = hashlib.sha256(np.ascontiguousarray(weights, np.float32).tobytes()).hexdigest()
    of_ferplus = FERPLUS_HEAD in spec.head_names
    return Teachers((initial,), faces, preset, weights, (spec.sha256, digest), of_ferplus)


def answers_of(initial: Path, train: LabelledFaces, data: DataSet, preset: Preset) -> Teachers:
    """Return an initial model's answers to what it learnt from; ModelError without its report."""
    known = Report.load(initial).data
    learnt_from = {known.sha256, *known.domains.values()}
    weights = np.full((len(train), 1), preset.memory_weight, np.float32)
    if train.domains is not None:
        new = [domain for domain, sha256 in data.sources.items() if sha256 not in learnt_from]
        weights[np.isin(train.domains, new)] = 0
    return initial_answers(initial, train, weights, preset)


Weights = list[Floats]


def initialise_from(directory: Path, model: keras.Model, class_names: tuple[str, ...]) -> None:
    """Copy the weights of a trained model, layer by layer, except heads that it lacks.

    The expression head is not copied either if the trained model has other classes.

    Raises:
        DataError: there is no trained network, or its layers do not match.
    """
    file = keras_file(directory, "a training can begin with a trained model only")
    trained, spec = load_network(file), ModelSpec.load(directory)
    same_classes = spec.labels == class_names
    heads, old_heads = set(model.output_names), {head.name: head.output for head in spec.heads}
    pairs = [
        (trained.get_layer(old_heads[name]), model.get_layer(name))
        for name in heads & old_heads.keys()
        if same_classes or name != EXPRESSION_HEAD
    ]
    # Matched by position, because Keras numbers unnamed layers differently each time.
    theirs = [x for x in trained.layers if x.weights and x.name not in trained.output_names]
    ours = [x for x in model.layers if x.weights and x.name not in heads]
    if len(theirs) != len(ours):
        raise DataError(
            f"{directory} is another network: {len(theirs)} layers with weights below its heads, "
            f"expected {len(ours)}."
        )
    for old, new in (*pairs, *zip(theirs, ours, strict=True)):
        old_shapes, new_shapes = ([tuple(w.shape) for w in one.weights] for one in (old, new))
        if old_shapes != new_shapes:
            raise DataError(
                f"{directory} is another network: its layer {old.name!r} has the weights "
                f"{old_shapes}, expected {new_shapes}."
            )
        new.set_weights(old.get_weights())


def weights_of(directory: Path, model: keras.Model, class_names: tuple[str, ...]) -> Weights:
    """Return the weights of a trained model for averaging; DataError without such, or of others."""
    file = keras_file(directory, "only a trained model can be averaged with")
    check_known(str(directory), ModelSpec.load(directory).labels, class_names)
    weights: Weights = load_network(file, compile=False).get_weights()
    if [w.shape for w in weights] != [w.shape for w in model.get_weights()]:
        raise DataError(f"{directory} is another network; its weights have no mean with these.")
    return weights


def average(model: keras.Model, others: Sequence[Weights], share: float | None = None) -> None:
    """Replace the weights of a network by a mean of its own and other weights.

    If one training started from the result of another, both results can lie in the same wide
    minimum of the loss, and their mean is then closer to its centre (Wortsman et al. 2022).
    Batch-norm statistics must be recalibrated afterwards. ``share`` is the weight of its own, 0…1,
    the others sharing the rest alike; without, all count alike.
    """
    if not others:
        return
    shares = None if share is None else [share, *[(1 - share) / len(others)] * len(others)]
    parts = zip(model.get_weights(), *others, strict=True)
    model.set_weights(
        [np.average(part, axis=0, weights=shares).astype(part[0].dtype) for part in parts]
    )
