"""Charts of the shares of expressions."""

import re

import numpy as np

from app.live.charts.share_charts import mix_strip, shares_figure
from fer.export.stream import shares
from fer.types import UNCERTAIN
from tests.app.live.samples import TWO
from tests.app.samples import LABELS
from tests.fer.export.samples import rows


def test_the_strip_is_divided_by_probabilities_and_can_be_heard() -> None:
    strip = mix_strip(np.array([0.5, 0.4, 0.1], np.float32), LABELS, "In view now: happy.")
    assert re.findall(r"flex: ([\d.]+) ", strip) == ["0.5000", "0.4000", "0.1000"]
    assert 'title="sad 40%"' in strip
    assert 'role="img" aria-label="In view now: happy."' in strip


def test_names_from_elsewhere_are_text() -> None:
    strip = mix_strip(np.ones(1, np.float32), ['"><b onclick=x>'], 'of "<b>"')
    assert "<b" not in strip
    assert strip.count('"') == strip.replace("&quot;", "").count('"')
    assert "&quot;&gt;&lt;b" in strip


def test_shares_have_a_strip_per_person_and_a_part_per_answer() -> None:
    assert not shares_figure(shares(rows()), LABELS).data[0].x.size
    figure = shares_figure(shares(TWO), LABELS, "#123456")
    assert [part.name for part in figure.data] == [*LABELS, UNCERTAIN]
    names = [name.split()[-1] for name in figure.layout.yaxis.ticktext or figure.data[0].y]
    assert names == ["1", "2"]
    np.testing.assert_allclose(sum(part.x for part in figure.data), 1)
    sad = figure.data[1]
    assert list(sad.text) == [f"sad {share:.0%}" if share > 0.28 else "" for share in sad.x]
