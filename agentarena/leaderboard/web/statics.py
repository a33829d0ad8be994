"""Style sheets, scripts and the icon: read once, served with the hash of their bytes in their address."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass

from agentarena.leaderboard.templating import TEMPLATES

__all__ = ["Asset", "assets"]

_TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
_FILES = {
    "style.css": "style.css",
    "page.css": "web/page.css",
    "theme.js": "theme.js",
    "replay.js": "replay.js",
    "icon.svg": "web/icon.svg",
}


@dataclass(frozen=True)
class Asset:
    """A file under /static.

    Attributes:
        name: Its name there.
        data: Its bytes.
        type: Its content type.
    """

    name: str
    data: bytes
    type: str

    @property
    def url(self) -> str:
        """Its address, another one for other bytes."""
        return f"/static/{self.name}?v={hashlib.sha256(self.data).hexdigest()[:16]}"

    @property
    def integrity(self) -> str:
        """Its hash, as the attribute `integrity` takes it."""
        return f"sha384-{base64.b64encode(hashlib.sha384(self.data).digest()).decode()}"


def assets() -> dict[str, Asset]:
    """Everything under /static, by name."""
    return {name: Asset(name, (TEMPLATES / path).read_bytes(), _TYPES[name.rpartition(".")[2]]) for name, path in _FILES.items()}
