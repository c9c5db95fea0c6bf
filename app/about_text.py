"""Texts of the About page; its figures come from the report of the running model."""

from __future__ import annotations

from app.common.track_record import best_split
from fer.evaluation.report import Report

WHAT = (
    "FER Lens finds the faces in a picture and says which facial expression each one shows, with "
    "a probability for every expression it knows. Two small networks do it: "
    "one finds the faces, the other recognises their expressions."
)

LIMITS = """
A facial expression is what a face looks like at one moment. It is **evidence, not a verdict**: a
smile can be polite, a frown can be concentration, and the same face can be read differently by two
people.

- It cannot say what somebody feels, thinks, or is about to do.
- It learnt from labels that people gave or checked, and shares their disagreement and their bias.
  It may be less accurate for some ages, skin colours or cultures than for others.
- A probability says how sure the model is, not how strong an expression is.
- Do not use it to decide about a person: not for hiring, grading, policing or health.
"""

UNCERTAIN = """
- **Uncertain** is an answer. Below a certain confidence, FER Lens names the two or three likeliest
  expressions instead of one. This threshold was chosen on validation data so that four of five
  answers given are right. Where four of five answers are right anyway, there is no threshold.
- **Poor pictures are marked.** A face that is too small, blurred, dark or turned away is marked
  with the reason, and needs a higher confidence for an answer; that threshold was chosen on dark,
  blurred and small faces. The limits for marking were measured: beyond them the network loses
  about two points of accuracy, or more. Answers for turned faces are still right much less often,
  and FER Lens does not notice when a face is covered.
- **Which parts of the face counted** can be shown for every face in a photo, as colours on the
  face: which parts raised the score of an expression and which lowered it. It shows where, not why.
"""

PRIVACY = """
Your pictures go to the server that runs this app and to nobody else.

- They are held in its memory, for your session only. A picture that you remove is deleted at once.
  The others are deleted with the session: it ends minutes after you close the tab, and its memory
  is freed at the latest when the next visitor comes.
- Live video is analysed frame by frame, in memory, and no frame is kept. Only numbers are kept,
  until you clear them or close the tab: times, boxes, probabilities. The video is encrypted and may
  reach the server through a TURN relay. To find a connection, your browser may ask a STUN server,
  which learns your network address but sees no picture. The Live page says which servers are used
  before you start.
- FER Lens writes no picture, no face and no file name to a disk or a log. While a file of more
  than 1 MB is uploaded, the web server may use an unnamed temporary file, which is gone when the
  upload is complete.
- Nothing you upload is used to train anything.
- The camera is off until you open it yourself.
- FER Lens sends no usage statistics.
"""

LICENCES = """
| part | origin | terms |
| --- | --- | --- |
| Expression model | trained for this project on FER2013 and FER+ | MIT, as this project |
| FER2013 | Goodfellow et al., ICML 2013 workshop | research use; none of it is in this app |
| FER+ labels | Barsoum et al., ICMI 2016 | MIT |
| BlazeFace, which finds faces | Bazarevsky et al. 2019; Google's MediaPipe | Apache 2.0 |
| Sample photo | NASA, portrait of Eileen Collins, via scikit-image | public domain |
"""

#: Description of the faces of each split.
_MEANING = {
    "test": "faces of the test set, on which nothing was chosen",
    "validation": "faces of the validation set. Settings were chosen on these, so expect a little "
    "less on new faces",
}


def accuracy_lines(report: Report) -> str:
    """Return the main figures of a model as Markdown, or a note that it was not evaluated."""
    split = best_split(report)
    if split is None:
        return f"Model **{report.name}** has not been evaluated."
    measured = report.evaluations[split]
    present = [c for c in measured.classes if c.support]
    # The temperature was fitted on validation, so its error there looks smaller than it is.
    fitted_here = split == "validation"
    error = report.cross_fitted_calibration_error if fitted_here else measured.calibration_error
    best = max(present, key=lambda c: c.recall)
    worst = min(present, key=lambda c: c.recall)
    return f"""
Model **{report.name}** was right on **{measured.accuracy:.1%}** of {measured.count:,}
{_MEANING[split]}. On all faces like these it most likely lies between
{measured.accuracy_low:.1%} and {measured.accuracy_high:.1%} (95% interval). All of these figures
are for FER2013's labels and count an answer for every face, even where the pages say *uncertain*.

- The label is among its first two answers for {measured.top2_accuracy:.1%}.
- Of all *{best.label}* faces it finds {best.recall:.0%}, of all *{worst.label}* faces
  {worst.recall:.0%}.
- Its confidence is off by {100 * error:.1f} percentage points on average.

People disagree about these labels too, so no model can be right about all of them. Measured on
{report.data.name}; report of {report.created[:10]}.
"""
