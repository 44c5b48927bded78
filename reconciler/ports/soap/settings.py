"""What a vendor description can say about SOAP. Pure data."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, JsonValue

Version = Literal["1.1", "1.2"]
_STRICT: Final = ConfigDict(extra="forbid", frozen=True)


class SoapCall(BaseModel):
    """What one request puts into its envelope. String leaves may be references, as in a JSON body.

    Attributes:
        body: content of the Body: one element, the operation, with its children (`ports/xml/writing.py`).
        header: content of the Header of this request; None takes that of `[http.soap]`, an empty table is none.
        action: SOAPAction; None takes `action_base` of `[http.soap]` and the operation's local name.
    """

    model_config = _STRICT

    body: dict[str, JsonValue]
    header: dict[str, JsonValue] | None = None
    action: str | None = None

    @property
    def operation(self) -> str:
        """Local name of the operation."""
        return next(iter(self.body), "").rpartition(":")[2]


class Wsdl(BaseModel):
    """The system's own contract, which then writes the requests and checks the answers (needs the extra `soap`).

    Attributes:
        file: path of the WSDL, from the folder of the description. What it imports must be files beside it.
        service, port: names in the WSDL; None takes the first.
    """

    model_config = _STRICT

    file: str
    service: str | None = None
    port: str | None = None


class SoapSettings(BaseModel):
    """SOAP of a system.

    Attributes:
        version: of the envelope.
        header: content of the Header of every request that has none of its own, with references: where a session or a
            user name and password travel.
        action_base: what stands before the operation's name in SOAPAction; None sends an empty action.
        wsdl: the system's WSDL, or None for envelopes written as the tables say.
    """

    model_config = _STRICT

    version: Version = "1.1"
    header: dict[str, JsonValue] = {}
    action_base: str | None = None
    wsdl: Wsdl | None = None
