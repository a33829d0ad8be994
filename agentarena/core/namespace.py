"""What numpy and torch spell differently, under one name, so that array rules are written once for both.

Most of what array rules do is spelled alike (`where`, `stack`, `minimum` of two arrays, comparisons, bit operators, slices,
`sum(axis=...)`): they call it on `Arrays.xp`. torch is never imported here; it arrives as an argument or in a tensor.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any

import numpy as np

from .errors import BadOption, NotSupported

__all__ = ["Arrays"]


class Arrays:
    """An array namespace on a device.

    Random numbers are drawn by numpy generators on the host and moved (`asarray`), whatever the namespace: equal seeds
    are equal matches on numpy, on torch, and on every device.

    Args:
        xp: The module `numpy` or `torch`.
        device: Where arrays live, in torch's words, e.g. "cuda:0"; `None` for torch's default. numpy has "cpu" only.

    Raises:
        NotSupported: `xp` is another module.
        BadOption: numpy with a device that is not "cpu".

    >>> Arrays().asarray([1, 2])
    array([1, 2])
    """

    def __init__(self, xp: Any = np, device: Any = None) -> None:
        if xp is np and device not in (None, "cpu"):
            raise BadOption(f"device is {device!r}; numpy arrays live on 'cpu' only. Pass xp=torch for other devices")
        if xp is not np and not (isinstance(xp, ModuleType) and xp.__name__ == "torch"):
            raise NotSupported(f"the array namespace is {xp!r:.80}; supported: the modules numpy and torch")
        self.xp, self.device, self.numpy = xp, device, xp is np

    def __reduce__(self) -> tuple[Any, ...]:
        return (_made_again, (self.numpy, self.device))  # a module cannot be pickled

    @classmethod
    def of(cls, array: Any) -> Arrays:
        """The namespace and the device of an array."""
        return _NUMPY if isinstance(array, np.ndarray) else cls(sys.modules["torch"], array.device)

    def asarray(self, values: Any, dtype: Any = None) -> Any:
        """Numbers, or an array of numpy or of this namespace, as an array here."""
        if self.numpy:
            return np.asarray(values, dtype)
        if isinstance(values, self.xp.Tensor):
            return values.to(device=self.device, dtype=dtype)
        # a copy: tensors do not share the memory of read-only arrays without a warning
        return self.xp.tensor(np.asarray(values), device=self.device, dtype=dtype)

    def full(self, shape: int | tuple[int, ...], value: Any, dtype: Any) -> Any:
        """An array filled with one value."""
        if self.numpy:
            return np.full(shape, value, dtype)
        return self.xp.full((shape,) if isinstance(shape, int) else shape, value, dtype=dtype, device=self.device)

    def take(self, table: Any, index: Any) -> Any:
        """Rows of `table`, one for each integer of `index`."""
        return table.take(index, axis=0) if self.numpy else table[index.long()]

    def cast(self, array: Any, dtype: Any) -> Any:
        """The array with another dtype."""
        return array.astype(dtype, copy=False) if self.numpy else array.to(dtype)

    def copy(self, array: Any) -> Any:
        """A copy that may be written to."""
        return array.copy() if self.numpy else array.clone()

    def to_numpy(self, array: Any) -> np.ndarray:
        """The array on the host."""
        return np.asarray(array) if self.numpy else array.detach().cpu().numpy()


_NUMPY = Arrays()


def _made_again(numpy: bool, device: Any) -> Arrays:
    return Arrays(np if numpy else importlib.import_module("torch"), device)
