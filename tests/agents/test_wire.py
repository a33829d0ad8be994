"""The bytes of an agent's process run nothing in this one."""

from __future__ import annotations

import pickle
from collections import Counter, OrderedDict, deque
from pathlib import Path

import numpy as np
import pytest

from agentarena.agents.wire import loads
from agentarena.core.actions import Spoken
from agentarena.core.agent import Reply, TokenSample
from agentarena.core.errors import AgentNonsense, BudgetSpent, MissingExtra, UnknownName


class _Calls:
    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize(
    "value",
    [
        _Calls(eval, "open('ran', 'w')"),
        _Calls(print, "ran"),
        _Calls(getattr, "", "upper"),
        _Calls(__import__, "os"),
        _Calls(Path, "ran"),
        _Calls(list, range(10)),
        _Calls(bytearray, 10),
    ],
    ids=["eval", "print", "getattr", "import", "a class", "a sequence of any length", "bytes of any length"],
)
def test_an_answer_that_names_code_is_not_read(value, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(pickle.UnpicklingError, match="may not hold"):
        loads(pickle.dumps((0, value, {})))
    assert not list(tmp_path.iterdir())


def test_functions_of_this_package_are_not_called():
    from agentarena.core.errors import suggest
    from agentarena.core.registry import load

    for function in (load, suggest):
        with pytest.raises(pickle.UnpicklingError):
            loads(pickle.dumps(_Calls(function, "os:system", [])))


@pytest.mark.parametrize(
    "value",
    [
        (1, 2.5, "words", True, None, b"bytes", 10**30, {1, 2}, frozenset({3}), 1j),
        {"counts": Counter("aab"), "order": OrderedDict(a=1), "last": deque([1, 2], 5)},
        Reply("<answer>4</answer>", "hm", {"tokens": 3}, {"a": [1]}, samples=(TokenSample((1,), (2,)),)),
        Spoken(2, "words"),
        [np.int64(3), np.float32(2.5), np.arange(3.0).tolist()],
    ],
    ids=["plain", "collections", "a reply", "speech", "numbers"],
)
def test_what_answers_and_notebooks_are_made_of_is_read(value):
    assert loads(pickle.dumps(value)) == value


@pytest.mark.parametrize("protocol", [4, 5])
def test_arrays_are_read(protocol):
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    np.testing.assert_array_equal(loads(pickle.dumps(array, protocol)), array)


def test_errors_are_read():
    for error in (BudgetSpent("spent"), AgentNonsense("odd"), MissingExtra("torch", "rl"), UnknownName("agent", "x", ["y"]), KeyError("k")):
        read = loads(pickle.dumps(error))
        assert (type(read), str(read)) == (type(error), str(error))
