"""Networks that threads share."""

import pytest

from fer.model.network_pool import NetworkPool


def test_a_network_that_fails_is_given_back() -> None:
    pool = NetworkPool(["network"])
    with pytest.raises(ZeroDivisionError), pool.borrow():
        1 / 0  # noqa: B018
    with pool.borrow() as network:
        assert network == "network"
