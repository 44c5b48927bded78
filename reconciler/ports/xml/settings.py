"""What a vendor description can say about XML. Pure data."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class XmlSettings(BaseModel):
    """XML of a system, plain or inside SOAP.

    Attributes:
        namespaces: prefix to namespace, for the names of elements and attributes that are sent. The prefix "" is the
            namespace of elements without one. Answers are read by local names, whatever their namespaces.
        lists: local names of elements that are a list wherever an answer has them, even when there is only one.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    namespaces: dict[str, str] = {}
    lists: list[str] = []
