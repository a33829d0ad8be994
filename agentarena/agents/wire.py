"""What an agent's process sends, read without running anything of its making: plain values, arrays, replies and errors, and nothing else.

Pickles name classes and functions, and reading one calls them. An agent that writes to its connection itself must not gain
this process by that, so only what answers and notebooks are made of may be named.
"""

from __future__ import annotations

import builtins
import io
import pickle
from typing import Any

from agentarena.core import errors

__all__ = ["loads"]

_ALLOWED = {
    "builtins": {"complex", "frozenset", "object", "set", "slice"},
    "collections": {"Counter", "OrderedDict", "deque"},
    "numpy": {"dtype", "ndarray"},
    "numpy._core.multiarray": {"_reconstruct", "scalar"},
    "numpy._core.numeric": {"_frombuffer"},
    "numpy.core.multiarray": {"_reconstruct", "scalar"},
    "numpy.core.numeric": {"_frombuffer"},
    "agentarena.core.actions": {"Spoken"},
    "agentarena.core.errors": set(errors.__all__) - {"suggest"},
    "agentarena.core.reply": {"Reply"},
    "agentarena.core.samples": {"TokenSample"},
}
"""Module -> names that may be looked up. None of them makes much out of little, as `list` and `range` together do."""


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """What a pickle names.

        Raises:
            UnpicklingError: It is not one of the allowed names.
        """
        exception = module == "builtins" and isinstance(cls := getattr(builtins, name, None), type) and issubclass(cls, Exception)
        if exception or name in _ALLOWED.get(module, ()):
            return super().find_class(module, name)
        raise pickle.UnpicklingError("it names a class or function that answers may not hold")


def loads(data: bytes) -> Any:
    """The value behind these bytes.

    Raises:
        UnpicklingError: It would take a class or function other than those of answers. Other errors of damaged data as in `pickle`.

    >>> loads(pickle.dumps({"plan": [1, 2.5, "corner"]}))
    {'plan': [1, 2.5, 'corner']}
    """
    return _Reader(io.BytesIO(data)).load()
