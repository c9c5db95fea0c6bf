import io
import json

from training.fit.progress_lines import ProgressLines


def said(epochs: int, frozen: int, seconds: list[float], first: int = 0) -> list[dict]:
    """Return what is said about epochs that end at some times."""
    out, times = io.StringIO(), iter([0.0, 0.0, *seconds])
    lines = ProgressLines(epochs, frozen, out, clock=lambda: next(times))
    lines.on_epoch_begin(first)
    for epoch in range(first, first + len(seconds)):
        lines.on_epoch_end(epoch)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_line_for_each_epoch() -> None:
    first, second = said(2, 0, [10, 20])
    assert first == {"stage": "all layers", "done": 1, "total": 2, "seconds_left": 10}
    assert second == {"stage": "all layers", "done": 2, "total": 2, "seconds_left": 0}


def test_epochs_of_all_layers_are_expected_to_take_longer() -> None:
    first, second = said(2, 1, [10, 40])
    assert (first["stage"], first["seconds_left"]) == ("heads", 30)
    assert second["stage"] == "all layers"


def test_a_resumed_run_counts_its_own_time() -> None:
    (line,) = said(4, 0, [10], first=2)
    assert (line["done"], line["seconds_left"]) == (3, 10)
