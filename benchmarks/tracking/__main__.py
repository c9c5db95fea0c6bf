"""Who is who: how well people keep their numbers in scripted scenes of real people.

``python -m benchmarks.tracking --photos ../shared/photos [--rates 15 5 2 0.5] [--cast held-out]``
cuts people out of photographs, moves them over a scene, hides them and brings them back (then they
look to the other side, in less light), and lets the live path watch at several rates of analysis.
It prints IDF1 and switches by ``motmetrics``, how many numbers were given to how many people, in
how many absences of up to 10 seconds the number was the same afterwards, and how many people who
took another's seat got another number. The tracker's constants were chosen on the people of the
cast ``tuning``; those of ``held-out`` are others.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from benchmarks.tables import machine, table
from benchmarks.tracking import scenes
from benchmarks.tracking.people import HELD_OUT, TUNING, Person, people
from benchmarks.tracking.score import Score
from benchmarks.tracking.watch import watched

CASTS = {"tuning": TUNING, "held-out": HELD_OUT}
RATES = (15.0, 5.0, 2.0, 0.5)

#: By how many people the cast is moved on, so that every scene is played by several.
_TURNS = (0, 3)

#: Frames and seconds that a scene of still people has at least.
_STILL_FRAMES, _STILL_SECONDS = 30, 12.0


def script(rate: float) -> list[scenes.Scene]:
    """Return the scenes that are watched at a rate."""
    return [
        scenes.still(max(_STILL_SECONDS, _STILL_FRAMES / rate)),
        scenes.crossing(2),
        scenes.crossing(3),
        scenes.fast(),
        scenes.coming_and_going(),
        scenes.behind_a_door(),
        scenes.all_leave(),
        scenes.stopped(),
        scenes.other_light(),
        scenes.another_in_the_seat(),
    ]


def casts_of(cast: Sequence[Person]) -> list[list[Person]]:
    """Return the cast in several orders."""
    return [[*cast[turn:], *cast[:turn]] for turn in _TURNS]


def row(scene: scenes.Scene, rate: float, scores: Sequence[Score]) -> list[str]:
    """Return a row of the table: one scene at one rate, by several casts."""
    back = [same for score in scores for same in score.back]
    apart = [other for score in scores for other in score.told_apart]
    return [
        f"{scene.name}, {rate:g}/s",
        f"{sum(score.idf1 for score in scores) / len(scores):.3f}",
        f"{min(score.idf1 for score in scores):.3f}",
        str(sum(score.switches for score in scores)),
        f"{sum(score.numbers for score in scores)} of {sum(score.people for score in scores)}",
        f"{sum(back)} of {len(back)}" if back else "",
        f"{sum(apart)} of {len(apart)}" if apart else "",
    ]


def main() -> None:
    """Run the benchmark and print the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, default=Path("../shared/photos"))
    parser.add_argument("--rates", type=float, nargs="+", default=RATES, help="analyses a second")
    parser.add_argument("--cast", choices=list(CASTS), nargs="+", default=list(CASTS))
    arguments = parser.parse_args()
    print(", ".join(f"{name} {value}" for name, value in machine().items()))
    for name in arguments.cast:
        cast = people(arguments.photos, CASTS[name])
        rows, everybody = [], []
        for rate in arguments.rates:
            for scene in script(rate):
                scores = [watched(scene, order, rate) for order in casts_of(cast)]
                everybody += [same for score in scores for same in score.back]
                rows.append(row(scene, rate, scores))
        header = ["scene", "IDF1", "lowest", "switches", "numbers", "same after", "told apart"]
        print(f"\n{name}: {len(cast)} people\n{table(header, rows)}")
        print(f"the same number after an absence: {sum(everybody)} of {len(everybody)}")


if __name__ == "__main__":
    main()
