"""Writing a generated catalogue as files in WebShop's formats, to be read by other implementations, or by ours."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from agentarena.core.errors import UsageError

from .generator import GeneratedCatalogue

__all__ = ["write_files"]

_MOST = 200_000


def write_files(catalogue: GeneratedCatalogue, folder: Path) -> None:
    """Write `items_shuffle.json`, `items_ins_v2.json` and `items_human_ins.json` into a folder, which is made where it is missing.

    Price caps are not in these files: whoever reads them draws their own. Prices within ranges are drawn anew as well.

    Raises:
        UsageError: The catalogue is too large for files that are written whole, or its instructions are from the template.
    """
    if len(catalogue) > _MOST:
        raise UsageError(f"the catalogue has {len(catalogue):,} products; at most {_MOST:,} are written")
    if not catalogue.human:
        raise UsageError("the catalogue's instructions are from the template; make it with goals='human'")
    folder.mkdir(parents=True, exist_ok=True)
    products = catalogue.products()
    items = [{name: value for name, value in product.as_dict().items() if name != "attributes"} for product in products]
    attributes: dict[str, dict[str, Any]] = {product.asin: {"attributes": list(product.attributes)} for product in products}
    people: dict[str, list[dict[str, Any]]] = {}
    for number in range(len(catalogue.order)):
        goal = catalogue.goal(number)
        product = products[goal.product]
        wanted = list(goal.attributes)
        attributes[product.asin].update(instruction=f"Find me {', '.join(wanted)} {product.query}.", instruction_attributes=wanted)
        words = goal.instruction.partition(", and price lower than")[0]
        people.setdefault(product.asin, []).append(
            {"instruction": f"{words}.", "instruction_attributes": wanted, "instruction_options": list(goal.options)}
        )
    for name, content in (("items_shuffle", items), ("items_ins_v2", attributes), ("items_human_ins", people)):
        (folder / f"{name}.json").write_text(json.dumps(content, indent=1, ensure_ascii=False), encoding="utf-8")
