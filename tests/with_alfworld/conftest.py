"""Tests against ALFWorld and TextWorld themselves: `make test-alfworld` runs them in an environment of their own; elsewhere none is collected."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

_installed = importlib.util.find_spec("textworld") and importlib.util.find_spec("fast_downward") and sys.version_info < (3, 13)
collect_ignore_glob = [] if _installed else ["test_*.py"]  # on Python 3.13 TextWorld fails at its first reset


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings("ignore"))  # those of TextWorld and its dependencies
