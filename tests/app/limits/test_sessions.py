"""How many tabs may be open."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from app.limits.sessions import Admission


@pytest.mark.parametrize("most", [0, 1, 3])
def test_so_many_are_let_in(most: int) -> None:
    admission = Admission(most, lambda tab: True)
    assert admission.inside == 0
    assert [admission.let_in(str(tab)) for tab in range(5)] == [tab < most for tab in range(5)]
    assert admission.inside == most


def test_who_is_in_stays_and_who_has_left_makes_room() -> None:
    open_tabs = {"a", "b"}
    admission = Admission(2, open_tabs.__contains__)
    assert admission.let_in("a")
    assert admission.let_in("b")
    assert not admission.let_in("c")
    assert admission.let_in("a")
    open_tabs.remove("b")
    open_tabs.add("c")
    assert admission.let_in("c")
    assert not admission.let_in("b")


def test_threads_never_let_in_more() -> None:
    admission = Admission(3, lambda tab: True)
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(admission.let_in, map(str, range(50)))) == 3
