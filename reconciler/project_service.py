"""`[service]` of the project file: where the HTTP service listens, and who may call it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from reconciler.project_secrets import SecretSource
from reconciler.project_types import StrictSection


class ServiceSection(StrictSection):
    """HTTP service.

    Attributes:
        public_url: how others call it, where a proxy stands before it: some senders sign the address.
        tokens: as `service.tokens` reads them; without, only this machine may call.
        tls_certificate, tls_key: PEM files, both or none; the first with the chain. Relative to the project file.
        requests_per_minute: of one token, in one process.
        access_log: one line on stderr for each request.
    """

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8750
    public_url: Annotated[str, Field(pattern="^https?://")] | None = None
    tokens: SecretSource | None = None
    tls_certificate: Annotated[str, Field(min_length=1)] | None = None
    tls_key: Annotated[str, Field(min_length=1)] | None = None
    requests_per_minute: Annotated[int, Field(ge=1, le=100_000_000)] = 60_000
    access_log: bool = True
