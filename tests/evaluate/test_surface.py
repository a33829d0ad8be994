"""What `agentarena.evaluate` offers, and that importing it costs nothing heavy."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pytest

import agentarena.evaluate as evaluate


def test_names_are_sorted_and_there() -> None:
    assert evaluate.__all__ == sorted(evaluate.__all__)
    assert dir(evaluate) == evaluate.__all__
    for name in evaluate.__all__:
        result = getattr(evaluate, name)
        assert inspect.isclass(result) or inspect.isfunction(result)
        assert result.__doc__
    with pytest.raises(AttributeError, match="it offers"):
        _ = evaluate.nothing  # type: ignore[attr-defined]


def test_no_module_hides_a_function() -> None:
    """Importing every module leaves every public name a function or class."""
    code = (
        "import importlib, agentarena.evaluate as e\n"
        "for module in sorted(set(e._HOMES.values())): importlib.import_module('agentarena.evaluate.' + module)\n"
        "assert all(callable(getattr(e, name)) for name in e.__all__)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_importing_is_light() -> None:
    code = "import sys, agentarena.evaluate; print(sorted({m.partition('.')[0] for m in sys.modules} & {'scipy', 'jinja2', 'torch'}))"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip() == "[]"
