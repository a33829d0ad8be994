"""Examples in docstrings are shown as code: a griffe extension that fences each run of `>>>` lines with what they print."""

from __future__ import annotations

from typing import Any

import griffe


class FenceDoctests(griffe.Extension):
    """Wraps doctests in code fences before the docstring is read as Markdown."""

    def on_object(self, *, obj: griffe.Object, **kwargs: Any) -> None:
        """Called for every module, class, function and attribute."""
        if obj.docstring is not None and ">>> " in obj.docstring.value:
            obj.docstring.value = fenced(obj.docstring.value)


def fenced(text: str) -> str:
    """`text` with every doctest, up to the next empty line, between fences."""
    out: list[str] = []
    inside = False
    for line in text.splitlines():
        indent = line[: len(line) - len(line.lstrip())]
        if not inside and line.lstrip().startswith(">>> "):
            out += ["", f"{indent}```python"]
            inside, margin = True, indent
        elif inside and not line.strip():
            out.append(f"{margin}```")
            inside = False
        out.append(line)
    if inside:
        out.append(f"{margin}```")
    return "\n".join(out)
