"""Would-be quotes that are asked again: byte for byte the same question was checked before, and so was its answer.

What is remembered saves work and decides nothing: the engine is asked each time, and only where it gives the answer it
gave before is the text of that answer used again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import orjson

from reconciler.model.taxes import TaxQuestion
from reconciler.taxes.answer import Calculated, Delivery, amounts_document

_AGE: Final = b"\x01"
_TIME: Final = b"\x02"
_MOST: Final = 512
_LARGEST_BYTES: Final = 8 * 1024
"""Of a question; its answer has some ten times as many. So all of it stays below some 50 MB."""


@dataclass(slots=True)
class Asked:
    """A question as it was read.

    Attributes:
        key: what the engine knows it by.
        day: on which it was read: without a date of its own it is another question tomorrow.
    """

    question: TaxQuestion
    key: bytes
    day: date
    _result: Calculated | None = None
    _amounts: Mapping[str, Any] | None = None
    _kept: Calculated | None = None
    _parts: tuple[bytes, bytes, bytes] = (b"", b"", b"")

    def amounts(self, result: Calculated) -> Mapping[str, Any]:
        """`amounts_document` of the result, as text."""
        if self._amounts is None or self._result is not result:
            written = amounts_document(self.question, result)
            self._amounts = {name: orjson.Fragment(orjson.dumps(part)) for name, part in written.items()}
            self._result = result
        return self._amounts

    def again(self, delivery: Delivery, document: Callable[[], dict[str, Any]]) -> bytes:
        """A kept answer that is not stale, as JSON: each time only its age and the time it took are new.

        Args:
            document: what it says the first time.
        """
        if self._kept is not delivery.result and isinstance(delivery.result, Calculated):
            # No JSON holds a control character as it is: these two bytes are found where they were put.
            frame = orjson.dumps({**document(), "age_s": orjson.Fragment(_AGE), "elapsed_ms": orjson.Fragment(_TIME)})
            before, _, rest = frame.partition(_AGE)
            between, _, after = rest.partition(_TIME)
            self._kept, self._parts = delivery.result, (before, between, after)
        before, between, after = self._parts
        # The same as to round to three decimals, which Python does by writing the number and reading it again.
        age_s = repr(round(delivery.age_s * 1000) / 1000).encode()
        return b"%b%b%b%d%b" % (before, age_s, between, delivery.elapsed_ms, after)


class AskedBefore:
    """The questions asked lately, by what was sent."""

    def __init__(self) -> None:
        self._asked: OrderedDict[bytes, Asked] = OrderedDict()

    def get(self, body: bytes, today: date) -> Asked | None:
        """The question that was sent so, today."""
        asked = self._asked.get(body)
        if asked is None or asked.day != today:
            return None
        self._asked.move_to_end(body)
        return asked

    def keep(self, body: bytes, asked: Asked) -> None:
        """Remember it, and forget what was not asked for longest."""
        if len(body) > _LARGEST_BYTES:
            return
        self._asked[body] = asked
        if len(self._asked) > _MOST:
            self._asked.popitem(last=False)
