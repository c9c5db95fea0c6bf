"""Texts of the About page; its figures come from the report of the running model."""

from __future__ import annotations

from app.core.models.head_text import SPLITS, head_name
from fer.detection.blazeface import photo_detector, stream_detector
from fer.evaluation.report import Report
from fer.labels import EXPRESSION_HEAD, FERPLUS_HEAD

WHAT = (
    "FER Lens finds the faces in a picture and says which facial expression each one shows, and "
    "how sure it is. Two small networks do it: one finds faces, the other reads them."
)

LIMITS = """
An expression is what a face looks like at one moment. It is **evidence, not a verdict**: a smile
can be polite, a frown can be concentration, and people read the same face differently.

- It cannot say what somebody feels, thinks, or is about to do.
- It learnt from labels that people gave, and shares their disagreement and bias. It may be less
  accurate for some ages, skin colours or cultures.
- A probability says how sure it is, not how strong an expression is.
- Do not use it to decide about a person: not for hiring, grading, policing or health.
- **The EU's AI Act forbids to infer emotions at work and in education.**
"""

KEPT = """
Your pictures go to the server that runs this app and to nobody else. Live video can stay on your
device.

- They stay in its memory, for you alone, and are deleted minutes after you close the tab; those of
  *Your data* after half an hour.
- Of a live video no frame is kept, only numbers.
- A recording is on the server's disk until you choose another one or leave.
- Nothing you upload trains anything, unless you teach a model yourself. The camera is off until
  you open it.
"""

UNCERTAIN = """
- **Uncertain** is an answer. Where FER Lens is not sure enough, or two expressions are close, it
  names the likeliest ones instead of one. How sure it must be was chosen so that four of five
  answers are right, and for each expression apart so that at about the same confidence at least 55
  of 100 were. What was seen too seldom to say is uncertain too.
- **Poor pictures are marked.** A face that is small, blurred, dark or turned away needs a higher
  confidence. Answers for turned faces are still wrong much more often, and FER Lens does not
  notice when a face is covered.
- **Which parts of the face counted** can be shown for every face in a photo. The map shows where,
  not why.
"""

PRIVACY = """
- They stay in its memory, for your session only; a reload keeps them. A picture that you remove is
  deleted at once, a file that you download after a minute, the others minutes after you close the
  tab.
- Photos and labels of *Your data* stay in memory until you clear the page, or half an hour after
  you close the tab.
- No frame of a live video is kept, only numbers: times, boxes, probabilities. A reload keeps them;
  they are deleted when you clear them, or some minutes after you close the tab.
- *On your device*, no frame of a live video leaves it: the networks run in your browser, and only
  numbers come here, with shares of the colours about each face, to tell people apart.
- *On this server*, the video is encrypted and may pass a TURN relay. To find a connection, your
  browser may ask a STUN server, which learns your network address but sees no picture. The Live
  page names the servers before you start.
- A recording is written to the server's disk under another name, in a folder that nobody else may
  read. It is deleted, with the marked video, when you cancel or choose another one, minutes after
  you close the tab, and when the server ends.
- If you teach a model on this server, your cut-out faces are in such a folder while it learns. The
  model stays on the server, for your browser alone, until the operator deletes it.
- FER Lens writes no other picture and no file name to a disk or a log. While a recording or an
  archive of more than 64 MB is uploaded, the web server may use an unnamed temporary file, which is
  gone when the upload is complete.
- Nothing you upload trains anything, unless you have a model taught your own labelled faces. The
  camera is off until you open it. FER Lens sends no usage statistics.
"""

LICENCES = """
| part | origin | terms |
| --- | --- | --- |
| Expression model | trained here on FER2013, FER+ and press faces | MIT, as this project |
| FER2013 | Goodfellow et al., ICML 2013 workshop | research use; none of it is in this app |
| FER+ labels | Barsoum et al., ICMI 2016 | MIT |
| Press faces | Labeled Faces in the Wild; labels of muxspace/facial_expressions | likewise |
| BlazeFace, which finds faces | Bazarevsky et al. 2019; Google's MediaPipe | Apache 2.0 |
| Sample photo | NASA, portrait of Eileen Collins, via scikit-image | public domain |
"""

#: Description of the faces of each split.
_MEANING = {
    "test": "faces of the test set, on which nothing was chosen",
    "validation": "faces of the validation set. Settings were chosen on these, so expect a little "
    "less on new faces",
}


_BY_LABEL = "Right means FER2013's label, about which people disagree too."

#: What a head's answers are compared with.
_TRUTHS = {FERPLUS_HEAD: "Right means what most of ten people called the face (FER+)."}


def detector_line() -> str:
    """Return which detectors find the faces here, for small print."""
    return (
        f"Faces in photos are found by {photo_detector()}, in live video by {stream_detector()}. "
        "Every CSV and JSON file names the one that its answers came from."
    )


def accuracy_lines(report: Report, head: str) -> str:
    """Return the main figures of a head as Markdown, or a note that it was not evaluated."""
    evaluations = report.evaluations_of(head)
    split = next((split for split in SPLITS if split in evaluations), None)
    name = f"the {head_name(head)} head of model **{report.name}**"
    if split is None:
        return f"{name[0].upper()}{name[1:]} has not been evaluated."
    measured = evaluations[split]
    present = [c for c in measured.classes if c.support]
    # The temperature was fitted on validation, so its error there looks smaller than it is.
    fitted_here = split == "validation" and head == EXPRESSION_HEAD
    error = report.cross_fitted_calibration_error if fitted_here else measured.calibration_error
    shown = report.selective_of(split, head)
    by_people = shown is not None and shown.truth == "people"
    if shown and by_people:
        error = shown.calibration_error
    elsewhere = "".join(
        f"\n- On {further.count:,} validation faces of {domain} it was right on "
        f"{further.accuracy:.1%}."
        for domain in list(report.data.domains)[1:]
        if (further := evaluations.get(f"{split}, {domain}"))
    )
    by = ", by what most people say" if by_people else ""
    best = max(present, key=lambda c: c.recall)
    worst = min(present, key=lambda c: c.recall)
    return f"""
{name[0].upper()}{name[1:]} was right on **{measured.accuracy:.1%}** of {measured.count:,}
{_MEANING[split]}. On all faces like these it is most likely between {measured.accuracy_low:.1%}
and {measured.accuracy_high:.1%}, if it answers for every face, even where the pages say
*uncertain*. {_TRUTHS.get(head, _BY_LABEL)}

- The label is among its first two answers for {measured.top2_accuracy:.1%}.
- Of all *{best.label}* faces it finds {best.recall:.0%}, of all *{worst.label}* faces
  {worst.recall:.0%}.
- Its confidence is off by {100 * error:.1f} percentage points on average{by}.{elsewhere}
"""
