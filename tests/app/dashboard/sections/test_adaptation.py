from app.dashboard.sections.adaptation import adaptation, circumstances, summary

from app.dashboard.elements import Note, Table
from tests.app.teaching.samples import adaptation as taught


def test_before_and_after_are_those_of_the_record() -> None:
    record = taught()
    first, table, last = adaptation(record).parts
    assert isinstance(first, Note)
    assert isinstance(table, Table)
    assert isinstance(last, Note)
    own, cost = record.own_changes[0], record.replay_changes[0]
    assert [row[0] for row in table.rows] == ["your-data.zip, test", "fer2013.npz, validation"]
    for row, change in zip(table.rows, (own, cost), strict=True):
        assert row[3:5] == (f"{change.before.accuracy:.1%}", f"{change.after.accuracy:.1%}")
        assert all(row[3] in first.text and row[4] in first.text for row in table.rows)
        assert row[5].startswith("+" if change.gained > 0 else "−")


def test_forgetting_that_was_not_measured_is_not_passed_over() -> None:
    record = taught(replay=None, replay_changes=(), calibration="kept")
    assert "What it forgot is not known" in summary(record)
    assert "those of the initial model" in circumstances(record)
    assert "replayed" not in circumstances(record)


def test_what_was_learnt_replayed_and_left_out() -> None:
    said = circumstances(taught())
    assert "learnt from 29 faces of your-data.zip in 2 min 05 s" in said
    assert "560 faces of fer2013.npz, which compact had learnt from" in said
    assert "Left out, since it does not know these expressions: 3 contempt." in said
