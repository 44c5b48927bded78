"""Style and script of the page: named by their content, so that browsers may keep them for good."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from aiohttp import hdrs, web

from reconciler.service.callers import open_to_all
from reconciler.service.problems import problem

_TYPES: Final = {"page.css": "text/css", "page.js": "text/javascript", "icon.svg": "image/svg+xml"}
_DIGEST_CHARACTERS: Final = 16


@dataclass(frozen=True, slots=True)
class _Asset:
    name: str
    body: bytes
    content_type: str


def _asset(name: str, content_type: str) -> _Asset:
    body = files(__package__).joinpath("assets", name).read_bytes()
    stem, _, suffix = name.rpartition(".")
    digest = hashlib.sha256(body).hexdigest()[:_DIGEST_CHARACTERS]
    return _Asset(f"{stem}.{digest}.{suffix}", body, content_type)


_ASSETS: Final = {name: _asset(name, content_type) for name, content_type in _TYPES.items()}
_BY_ADDRESS: Final = {asset.name: asset for asset in _ASSETS.values()}


def address_of(name: str) -> str:
    """Where a browser finds the file."""
    return f"/static/{_ASSETS[name].name}"


class StaticRoom:
    """Gives the files away. They hold nothing but what is in the package."""

    def add_to(self, application: web.Application) -> None:
        """Add the route."""
        application.router.add_get("/static/{name}", self._file, allow_head=False)

    @open_to_all
    async def _file(self, request: web.Request) -> web.StreamResponse:
        asset = _BY_ADDRESS.get(request.match_info["name"])
        if asset is None:
            return problem(404, "not_found", "There is nothing at this address.")
        return web.Response(
            body=asset.body,
            content_type=asset.content_type,
            charset="utf-8",
            headers={
                hdrs.CACHE_CONTROL: "public, max-age=31536000, immutable",
                "Cross-Origin-Resource-Policy": "same-origin",
            },
        )
