"""Tables, and a watch of this process."""

import os

import psutil

from tools.report import Watch, table


def test_a_table_lines_up() -> None:
    assert table(["a", "bb"], []).splitlines() == ["a  bb", "-  --"]
    assert table(["a", "b"], [["long", "1"]]).splitlines()[-1] == "long  1"


def test_a_watch_sees_a_process_and_what_it_uses() -> None:
    with Watch(psutil.Process(), 0.01) as watch:
        used = os.times().user + 0.2
        while os.times().user < used:
            pass
    assert watch.samples
    assert watch.samples[0].mb > 10
    assert min(watch.samples[0].threads, watch.samples[0].handles) >= 1
    assert watch.processor_seconds >= 0.1
