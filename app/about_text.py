"""The words of the About page; its figures come from the report of the model that runs."""

from __future__ import annotations

from app.common.track_record import best_split
from fer.evaluation.report import Report

WHAT = (
    "FER Lens finds the faces in a picture and says which facial expression each one shows, with "
    "a probability for every expression it knows. Two small networks do it: "
    "one finds faces, one reads them."
)

LIMITS = """
A facial expression is what a face looks like at one moment. It is **evidence, not a verdict**: a
smile can be polite, a frown can be concentration, and the same face can be read differently by two
people.

- It cannot say what somebody feels, thinks, or is about to do.
- It learnt from labels that people gave or checked, and shares their disagreement and their bias.
  It may read some faces worse than others, by age, by skin, by culture.
- A probability says how sure the model is, not how strong an expression is.
- Do not use it to decide about a person: not for hiring, grading, policing or health.
"""

UNCERTAIN = """
- **Uncertain** is an answer. Below a confidence that was chosen on validation data so that four
  of five answers given are right, FER Lens names no expression but the two or three likeliest.
  Where four of five answers are right anyway, there is no such limit.
- **A poor picture counts.** A face that is too small, blurred, dark or turned away is marked with
  the reason, and needs a higher confidence for an answer, chosen on dark, blurred and small faces.
  The limits were measured: beyond them the network loses about two points of accuracy, or more.
  Turned faces are read right much less often even so, and covered ones are not noticed.
- **What in the face counted** can be shown for every face of a photo, as colours on the face: which
  parts raised the score of an expression and which lowered it. It shows where, not why.
"""

PRIVACY = """
Your pictures go to the server that runs this app and to nobody else.

- They are held in its memory, for your session only. A picture that you remove is forgotten at
  once. The rest goes with the session: it ends minutes after you close the tab, and its memory is
  freed at the latest when the next visitor comes.
- Live video is analysed frame by frame, in memory, and no frame is kept. What stays until you
  clear it, or close the tab, are numbers: times, boxes, probabilities. It may reach the server
  through a TURN relay, encrypted, and to find the way your browser may ask a STUN server, which
  learns your network address and sees no picture. The Live page says which before you start.
- FER Lens writes no picture, no face and no file name to a disk or a log. While a file of more
  than 1 MB arrives, the web server may pass it through an unnamed temporary file, gone when it has
  arrived.
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
| Sample photo | NASA, portrait of Eileen Collins, by way of scikit-image | public domain |
"""

#: What to call the faces of each split.
_MEANING = {
    "test": "faces of the test set, by which nothing was chosen",
    "validation": "faces of the validation set. Settings were chosen on these, so expect a little "
    "less on new faces",
}


def accuracy_lines(report: Report) -> str:
    """Return what was measured about a model, as Markdown; says so if nothing was."""
    split = best_split(report)
    if split is None:
        return f"Model **{report.name}** has not been evaluated."
    measured = report.evaluations[split]
    present = [c for c in measured.classes if c.support]
    # What was fitted on a split looks better there than it is.
    fitted_here = split == "validation"
    error = report.cross_fitted_calibration_error if fitted_here else measured.calibration_error
    best = max(present, key=lambda c: c.recall)
    worst = min(present, key=lambda c: c.recall)
    return f"""
Model **{report.name}** was right on **{measured.accuracy:.1%}** of {measured.count:,}
{_MEANING[split]}. On all faces like these it most likely lies between
{measured.accuracy_low:.1%} and {measured.accuracy_high:.1%} (95% interval). All of these figures
are of the answers by FER2013's labels, with every face answered, also where the pages say
*uncertain*.

- The label is among its first two answers for {measured.top2_accuracy:.1%}.
- Of all *{best.label}* faces it finds {best.recall:.0%}, of all *{worst.label}* faces
  {worst.recall:.0%}.
- When it says how sure it is, it is off by {100 * error:.1f} percentage points on average.

People disagree about these labels too, so no model can be right about all of them. Measured on
{report.data.name}; report of {report.created[:10]}.
"""
