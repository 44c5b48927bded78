"""How one system is reached over HTTP: all that a connection is made of, whoever makes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import TYPE_CHECKING

from pydantic import JsonValue

from reconciler.connectors.description import Description
from reconciler.model.entities import Side

if TYPE_CHECKING:
    from reconciler.ports.http.client import HttpPort, TokenStore


@dataclass(frozen=True, slots=True)
class HttpReach:
    """One system of a project, with its secrets. It can be given to another process.

    Attributes:
        time_zone: of moments that the system reads without an offset.
    """

    side: Side
    description: Description
    base_url: str
    credentials: Mapping[str, str] = field(repr=False)
    context: Mapping[str, JsonValue]
    time_zone: tzinfo

    def port(self, tokens: TokenStore | None) -> HttpPort:
        """The port to it, to be opened by whoever asked for it.

        Args:
            tokens: keeps tokens that rotate; needed where the description has such a login.

        Raises:
            ConfigurationError: the address, a credential or the authentication cannot be used.
        """
        from reconciler.ports.http.client import HttpPort

        if self.description.http is None:
            raise ValueError("the system is not reached over HTTP")
        return HttpPort(
            self.side.value,
            self.description.http,
            base_url=self.base_url,
            credentials=self.credentials,
            context=self.context,
            tokens=tokens,
        )
