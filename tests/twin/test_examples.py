import doctest
from importlib import import_module

import pytest


@pytest.mark.parametrize("name", ["goals", "history", "interest", "loans", "schedule"])
def test_worked_examples(name: str) -> None:
    """The worked examples in the module texts are true."""
    result = doctest.testmod(import_module(f"fintwin.twin.{name}"))
    assert result.attempted > 0
    assert result.failed == 0
