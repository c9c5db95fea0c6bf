"""What the page says about teaching a model. Does not use Streamlit."""

from __future__ import annotations

from collections.abc import Mapping

from app.core.settings import TEACHING_REPLAY
from app.core.text import left
from app.own_data.teaching.command import GOOD_IMAGES, few_of
from app.own_data.teaching.runner import Progress

LEAD = (
    "Go on with the training of the model that answers, on the faces that you labelled. The result "
    "is a new model beside it. A part of your faces is held out, to measure what it gained."
)

#: What somebody does before the command, who runs it, and after it.
BEFORE = (
    "1. Save “Labelled set (ZIP)” above as `{data}` in a folder with this project, where "
    "requirements-train.txt is installed.\n"
    "2. Open a terminal in that folder, and run this. It takes a few minutes on two cores."
)
AFTER = (
    "3. The new model is in `models/{name}` there. `streamlit run streamlit_app.py` in that folder "
    "offers it wherever a model is chosen, and its dashboard shows what teaching changed."
)

REPLAY = (
    "With `--replay fer2013.npz`, where you have FER2013, it goes on seeing what it learnt from, "
    "and forgets much less."
)

RUNNING = "It goes on if you leave this page, and shows up here when you come back."

CANCELLED = "The teaching was cancelled. No model was written."

#: What is done in each stage, and the share of the whole at which it begins and ends.
_STAGES: dict[str, tuple[str, float, float]] = {
    "": ("starting", 0.0, 0.0),
    "reading": ("reading the images", 0.02, 0.02),
    "heads": ("learning, the last layer first", 0.04, 0.5),
    "all layers": ("learning, all layers", 0.04, 0.5),
    "measuring": ("measuring what it answers now", 0.5, 1.0),
}

#: Stages that are told in rounds.
_ROUNDS = ("heads", "all layers")


def progress(said: Progress) -> tuple[float, str]:
    """Return the share that is done, 0…1, and a line that says what is being done."""
    doing, begin, end = _STAGES.get(said.stage, (said.stage, 0.0, 0.0))
    if not said.total:
        return begin, f"{doing} …"
    share = begin + (end - begin) * min(1.0, said.done / said.total)
    rounds = f", round {said.done} of {said.total}" if said.stage in _ROUNDS else ""
    line = f"{doing}{rounds}"
    return share, line if said.seconds_left is None else f"{line}, {left(said.seconds_left)}"


def failed(reason: str) -> str:
    """Return that a teaching failed, and why.

    Args:
        reason: what it said itself; empty if nothing.
    """
    if reason:
        return f"It could not be taught: {reason}"
    return (
        "It could not be taught: the training ended without a reason, perhaps for want of memory. "
        "What it said last is below."
    )


def expectation(counts: Mapping[str, int], *, replay: bool) -> str:
    """Return what to expect of a teaching on this server.

    Args:
        counts: number of labelled faces by expression.
        replay: whether the initial model's data are replayed.
    """
    sentences = ["It takes a few minutes."]
    if few := few_of(counts):
        sentences.append(
            f"Of {', '.join(few)} there are fewer than {GOOD_IMAGES} faces: expect little."
        )
    if not replay:
        sentences.append(
            "Nothing of what the model learnt before is at hand here, so it will forget some of it "
            f"(the operator can name it with {TEACHING_REPLAY.name})."
        )
    return " ".join(sentences)
