"""aioftp as real servers need it: data connections that start TLS at the right moment, and are never left open.

aioftp 0.28 opens a data connection of a protected session with TLS at once. vsftpd and proftpd answer the handshake
only after they have accepted the transfer command, so both sides wait for each other. Here the connection is opened in
the clear, the command is sent, and TLS starts when the server has said that it begins, with the session of the control
connection: servers refuse a data connection that does not resume it.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import Any, Final

import aioftp
from aioftp.client import DataConnectionThrottleStreamIO
from aioftp.common import SSLSessionBoundContext, async_enterable

BYTES: Final = "latin-1"
"""aioftp encodes and decodes strictly: with this every byte of a server passes, and names are decoded by the caller."""


class FtpClient(aioftp.Client):
    """One control connection. `protect` turns explicit TLS on, for this and for every data connection.

    Attributes:
        over: closed, and good for nothing more.
    """

    def __init__(self, *, connect_timeout_s: float, timeout_s: float) -> None:
        super().__init__(socket_timeout=timeout_s, connection_timeout=connect_timeout_s, encoding=BYTES)
        self._protected = False
        self.over = False

    def close(self) -> None:
        """End the session. Answers that are still on their way belong to nobody, least of all to the next command."""
        self.over = True
        super().close()

    async def parse_line(self) -> tuple[aioftp.Code, str]:
        """The next line of an answer."""
        if self.over:
            raise ConnectionResetError("the session is over")
        return await super().parse_line()

    async def protect(self, context: ssl.SSLContext) -> None:
        """Explicit TLS with the certificate checked; data connections are protected too (`PROT P`)."""
        await self.upgrade_to_tls(context)
        self._protected = True

    async def _open_connection(self, host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.wait_for(asyncio.open_connection(host, port), self.connection_timeout)

    @async_enterable
    async def get_stream(
        self,
        command: str | None = None,
        expected_codes: str | tuple[str, ...] = (),
        wait_codes: str | tuple[str, ...] = (),
        censor_after: int | None = None,
        conn_type: Any = "I",
        offset: int = 0,
    ) -> DataConnectionThrottleStreamIO:
        """As in aioftp, but TLS starts last, and a refused command closes the data connection."""
        reader, writer = await self.get_passive_connection(conn_type)
        try:
            if offset:
                await self.command(f"REST {offset}", "350")
            await self.command(command, expected_codes, wait_codes, censor_after)
            stream = DataConnectionThrottleStreamIO(
                self, reader, writer, throttles={"_": self.throttle}, timeout=self.socket_timeout
            )
            if self._protected:
                await stream.start_tls(self._resumed_session(), self.server_host)
        except BaseException:
            writer.close()
            raise
        return stream

    def _resumed_session(self) -> ssl.SSLContext:
        control: ssl.SSLObject = self.stream.writer.transport.get_extra_info("ssl_object")
        if control.session is None:
            return control.context
        return SSLSessionBoundContext(ssl.PROTOCOL_TLS_CLIENT, context=control.context, session=control.session)
