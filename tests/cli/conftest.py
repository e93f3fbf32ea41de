"""Fixtures of the command line's tests."""

from collections.abc import Iterator

import pytest
from inside import Inside, served

from tele2ats_async.simulator import Company


@pytest.fixture
def inside(company: Company) -> Iterator[Inside]:
    """Run commands in this process."""
    with served(company=company) as simulator:
        yield Inside(simulator)
