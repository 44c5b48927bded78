"""What a vendor description can say about webhooks, as strict types. Pure data.

A delivery is believed when its verification holds, and even then it is only a hint: which record of which entity to
read again. Values inside a payload are never used.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue, PositiveInt

from reconciler.ports.http.settings import Listing, Request, Strict

MESSAGE_NAMES = ("method", "url", "plain_url", "path", "body", "timestamp", "delivery_id")
"""What the `message` of an HMAC may refer to.

`url` is the address as the sender called it, with its query; `plain_url` the same with the percent-encodings of
`: / ? @ ! $ ' ( ) * , ;` undone (HubSpot signs that); `path` is the path and query of it; `body` the bytes as sent.
"""


class Source(Strict):
    """Where something is in a delivery. Exactly one of the three is given.

    Attributes:
        header: name of a header, in any case.
        body: path into the JSON payload (or into one event of it), such as `New.Id`.
        query: parameter of the address that was called.
    """

    header: str | None = None
    body: str | None = None
    query: str | None = None


Place = str | Source
"""In TOML a plain text is short for `{ body = "…" }`."""

Places = Annotated[list[Place], Field(min_length=1)]
"""Of several places the first that holds something counts: vendors send the same thing in different shapes."""


class Timestamp(Strict):
    """When a delivery was sent, by the sender's own clock.

    Attributes:
        header: where it is.
        unit: seconds or milliseconds since 1970, or ISO 8601 with an offset.
        tolerance_s: a delivery further away from our clock than this, before or after, is refused. Inclusive.
    """

    header: str
    unit: Literal["s", "ms", "iso"] = "s"
    tolerance_s: PositiveInt = 300


class HmacVerification(Strict):
    """A keyed digest in a header.

    Attributes:
        prefix: stands before the digest in the header, such as `sha256=`.
        message: what is signed: text with references of `MESSAGE_NAMES`; it must hold `{body}`.
        timestamp: needed when `message` refers to it.
    """

    kind: Literal["hmac"]
    header: str
    algorithm: Literal["sha256", "sha1"] = "sha256"
    encoding: Literal["hex", "base64"] = "hex"
    prefix: str = ""
    message: str = "{body}"
    timestamp: Timestamp | None = None


class HmacWithIdVerification(Strict):
    """`base64("<registration id>:<HMAC-SHA256 of the body>")` in a header, the digest in hexadecimal or raw (EspoCRM).

    The secret is that of the registration named, or any secret of the project.
    """

    kind: Literal["hmac_with_id"]
    header: str
    digest: Literal["hex", "raw"] = "hex"


class StandardVerification(Strict):
    """Standard Webhooks: `<prefix>id`, `-timestamp`, `-signature`; symmetric `v1` and ed25519 `v1a`.

    Secrets are `whsec_…` or bare Base64 for `v1`, and public keys `whpk_…` for `v1a`; both may be valid at once.
    The delivery id is `<prefix>id`.
    """

    kind: Literal["standard"]
    header_prefix: str = "webhook-"
    tolerance_s: PositiveInt = 300


class KeyPlace(Source):
    """One place of a fixed key. `secret` names the credential it must equal; None is any of the webhook secrets."""

    secret: str | None = None


class KeyVerification(Strict):
    """A fixed key that travels with every delivery.

    Attributes:
        require: `any`: one place holds a valid key, and no place holds another one. `all`: every place does.
    """

    kind: Literal["key"]
    places: Annotated[list[KeyPlace], Field(min_length=1)]
    require: Literal["any", "all"] = "any"


class NoVerification(Strict):
    """Nothing proves who sends. Only where the service listens on loopback."""

    kind: Literal["none"]


Verification = Annotated[
    HmacVerification | HmacWithIdVerification | StandardVerification | KeyVerification | NoVerification,
    Field(discriminator="kind"),
]

Action = Literal["created", "updated", "deleted"]


class Events(Strict):
    """Where a payload says which records changed.

    Attributes:
        items: path of the list of events; "" when the payload is the list; None when it is one event.
        entity: the vendor's name, number or topic of what changed.
        id: the record's id, or a list of ids.
        action: what happened; told in messages, never relied on.
        delivery_id: stays the same when a delivery is repeated.
        entities: what is found at `entity` to a canonical entity. A name that ends in `*` stands for every longer one;
            the exact name wins, then the longest beginning. Other entities are ignored.
        actions: what is found at `action`, in the same way.
    """

    items: str | None = None
    entity: Places
    id: Places
    action: list[Place] = Field(default=[])
    delivery_id: list[Place] = Field(default=[])
    entities: Annotated[dict[str, str], Field(min_length=1)]
    actions: dict[str, Action] = Field(default={})


class Ping(Strict):
    """A delivery that only asks whether somebody is there.

    Attributes:
        at: where it shows.
        equals: what is there then; empty means anything but nothing.
        signed: False when the vendor pings without proof of who it is. Nothing but the answer happens.
        answer: JSON body of the 200; None for `{}`.
    """

    at: Place
    equals: list[str] = Field(default=[])
    signed: bool = True
    answer: JsonValue = None


class RegisteredEvent(Strict):
    """One registration to make.

    Attributes:
        entity: canonical entity, `$webhook.entity` in requests.
        values: the vendor's own parameters, `$webhook.<name>` in requests. Each name is also a path at which a listed
            registration has the same value.
    """

    entity: str
    values: Annotated[dict[str, str | int], Field(min_length=1)]


class Registration(Strict):
    """How call-backs are registered, where the vendor has an API for it.

    Attributes:
        listing: gives the registrations there are.
        create: makes one. References: `webhook.url`, `webhook.secret`, `webhook.entity`, `webhook.<value>`.
        delete: removes the one with `{id}`.
        created: path of the registration in the answer of `create`; "" when the answer is it.
        id: path of its id in a registration.
        url: path of its address in a registration.
        active: path of a flag that is false when the vendor has turned it off.
        secret: path of the secret in the created registration, where the vendor chooses it (EspoCRM).
        query: parameters added to our address, text with the references of `create`.
        events: what to register.
    """

    listing: Listing
    create: Request
    delete: Request
    created: str = ""
    id: str
    url: str
    active: str | None = None
    secret: str | None = None
    query: dict[str, str] = Field(default={})
    events: Annotated[list[RegisteredEvent], Field(min_length=1)]


class WebhookSettings(Strict):
    """Everything a description says of a system's webhooks.

    Attributes:
        verified, note: how far this was verified, and against what.
        secrets: credential name to what it is. They are given in the project like other credentials, and are needed
            for webhooks only. One credential may hold several valid secrets separated by spaces or commas.
        signed_with: the credential of calls whose secret signs deliveries too; such a one is a single secret.
        max_body_kib: a larger delivery is refused.
    """

    verified: Literal["live", "sandbox", "documentation", "third-party notes"]
    note: str = ""
    secrets: dict[str, str] = Field(default={})
    signed_with: str | None = None
    verification: Verification
    max_body_kib: Annotated[int, Field(gt=0, le=16_384)] = 1024
    events: Events
    ping: Ping | None = None
    registration: Registration | None = None

    @property
    def proving(self) -> frozenset[str]:
        """Names of the credentials that a delivery may prove itself with."""
        return frozenset(self.secrets) | ({self.signed_with} if self.signed_with else set())
