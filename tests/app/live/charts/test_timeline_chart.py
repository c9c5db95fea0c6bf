from app.live.charts.people_marks import MAX_PEOPLE
from app.live.charts.timeline import timeline
from app.live.charts.timeline_chart import timeline_figure
from tests.app.live.samples import TWO
from tests.app.samples import LABELS
from tests.fer.export.samples import HAPPY, Seen, rows


def test_the_timeline_draws_each_expression_once_in_its_colour() -> None:
    figure = timeline_figure(timeline(TWO, 0, 10), LABELS, "#123456")
    assert [trace.name for trace in figure.data] == ["happy", "sad"]
    assert "Person 1" in figure.layout.yaxis.ticktext[0]
    assert list(figure.data[1].customdata[0]) == ["Person 2", "0:00", "70%"]


def test_a_crowd_is_cut_to_those_seen_longest() -> None:
    seen: list[Seen] = [(float(t), p, HAPPY) for t in range(20) for p in range(1, 12) if t < 20 - p]
    line = timeline(rows(*seen), 0, 20)
    figure = timeline_figure(line, LABELS)
    names = figure.layout.yaxis.ticktext
    assert len(line.people) == 11
    assert len(names) == MAX_PEOPLE
    assert [name.split()[-1] for name in names] == [str(n) for n in range(1, MAX_PEOPLE + 1)]
