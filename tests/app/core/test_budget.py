"""How much memory collections may take."""

import pytest

from app.core.budget import Budget
from app.core.memory import MB


def test_an_untouched_budget_has_all_of_it_left() -> None:
    assert Budget(100, free=lambda: None).left == 100
    assert Budget(0, free=lambda: None).left == 0


def test_what_somebody_holds_is_not_there_for_others() -> None:
    budget = Budget(100, free=lambda: None)
    assert budget.take("a", uploaded=40, expected=20)
    assert not budget.take("b", uploaded=30, expected=20)
    budget.hold("a", 10)
    assert budget.left == 90
    assert budget.take("b", uploaded=30, expected=20)
    budget.release("a")
    budget.hold("a", 99)  # it has left, and its last photo comes too late
    assert budget.left == 50


@pytest.mark.parametrize(("free", "left"), [(0, 0), (250, 0), (260, 10), (9000, 500)])
def test_what_the_machine_has_left_counts_too(free: int, left: int) -> None:
    budget = Budget(500 * MB, free=lambda: free * MB)
    assert budget.left == left * MB
    assert not budget.take("a", uploaded=0, expected=left * MB + 1)
    assert budget.take("a", uploaded=0, expected=left * MB)
