"""What a vendor description can say about HTTP, as strict types. Pure data.

Requests are TOML tables whose string leaves may name values. Two forms, no expressions:

* a leaf that *is* a reference, `"$page.size"`, is replaced by the value with its type;
* a leaf that *contains* references, `"Id gt {page.after}"`, is text into which the values are put.

Names: `page.{number,offset,last,size,after,cursor}`, `since` (with `.year .month .day .hour .minute .second
.microsecond`, numbers as leaves and padded with zeros in text), `id`, `key`, `credentials.<name>`, `session.<name>`,
`context.<name>`. A query parameter or table entry whose value is a reference to nothing (null) is left out. Values put
into text must be plain (letters, digits and `-_.:+@ /`) unless they stand in a string literal of the declared
`quoting`; a leaf or header that is nothing but the reference may hold anything.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, PositiveFloat, PositiveInt, model_validator

from reconciler.ports.soap.settings import SoapCall, SoapSettings
from reconciler.ports.xml.settings import XmlSettings

BodyFormat = Literal["json", "xml", "soap"]


class Strict(BaseModel):
    """Base of everything read from TOML: unknown keys are errors, values are frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Outcome(Strict):
    """One rule: when an answer looks like this, it means that. The first rule that matches decides.

    All given conditions must hold. `at` is a path into the JSON body; with `equals` the value there must be one of the
    listed (text of the JSON scalar), with `contains` its text must contain one of these, with neither the path must
    exist and be neither null nor empty; `missing` wants it absent.

    Attributes:
        headers: headers that must be there with exactly this text (Pipedrive tells so that the day's budget is spent).
        then: page (read it), empty (an empty list), retry, refresh_auth, blocked, fail.
        wait_path: path of the number of seconds to wait (retry, blocked).
        wait_pattern: regular expression with one group of seconds, applied to the text at `at` (or the whole body).
        wait_s: fixed wait when nothing else says.
        message: path of the vendor's own words.
        message_header: header that holds them where the body does not (EspoCRM's `X-Status-Reason`).
        code: path of the vendor's own error code.
    """

    status: list[int] = []
    headers: dict[str, str] = {}
    at: str | None = None
    equals: list[str] = []
    contains: list[str] = []
    missing: bool = False
    then: Literal["page", "empty", "retry", "refresh_auth", "blocked", "fail"]
    wait_path: str | None = None
    wait_pattern: str | None = None
    wait_s: PositiveFloat | None = None
    message: str | None = None
    message_header: str | None = None
    code: str | None = None


class Request(Strict):
    """One HTTP request.

    Attributes:
        method: verb; a SOAP call is always a POST.
        path: appended to the base URL, sent as written (Ploomes needs a literal `@`); references are percent-encoded.
        query: parameters. Several strings for one parameter are joined with `join`, leaving out the null ones.
        headers: added to those of the authentication.
        body: JSON body, or None for none. Where the format is XML, a table with one member: the root element.
        soap: what goes into the envelope, where the format is SOAP.
        quoting: how text is put inside string literals: `odata` doubles the single quote, `json` escapes as in JSON.
        join: text between the parts of a parameter given as a list.
        outcomes: what answers to this one request mean, tried before the rules of the system ("not found" where one
            record is asked for).
    """

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    path: str
    query: dict[str, str | list[str]] = {}
    headers: dict[str, str] = {}
    body: JsonValue = None
    quoting: Literal["odata", "json"] | None = None
    join: str = " and "
    outcomes: list[Outcome] = []
    soap: SoapCall | None = None

    @model_validator(mode="before")
    @classmethod
    def _soap_is_posted(cls, data: Any) -> Any:
        return {"method": "POST", **data} if isinstance(data, dict) and "soap" in data else data


class NoAuth(Strict):
    """No authentication."""

    kind: Literal["none"] = "none"


class HeaderAuth(Strict):
    """A fixed header, such as Ploomes' `User-Key`."""

    kind: Literal["header"]
    name: str
    value: str = Field(description='text with references, e.g. "{credentials.user_key}"')


class QueryAuth(Strict):
    """A fixed query parameter. The redacting log never shows it."""

    kind: Literal["query"]
    name: str
    value: str


class BodyAuth(Strict):
    """Fields added to every JSON object body, such as Omie's `app_key` and `app_secret`."""

    kind: Literal["body"]
    fields: dict[str, str]


class BasicAuth(Strict):
    """HTTP Basic."""

    kind: Literal["basic"]
    username: str
    password: str


class BearerAuth(Strict):
    """A fixed bearer token."""

    kind: Literal["bearer"]
    token: str


class LoginStep(Strict):
    """One call of a login conversation. `take` maps a session name to the path of its value in the JSON answer.

    `base64` derives further session names: each is the Base64 of a text with references (Tryton's
    `Authorization: Session base64("login:user:token")`).
    """

    request: Request
    take: dict[str, str] = {}
    base64: dict[str, str] = {}


class LoginAuth(Strict):
    """Calls that open a session, before the first request and once more when a session is lost.

    Attributes:
        steps: run in order; later steps carry `headers` already. Cookies are kept by the client.
        headers: sent with every request after the first step, with references to `session.*`.
        close: a call made when the client closes, or None.
    """

    kind: Literal["login"]
    steps: Annotated[list[LoginStep], Field(min_length=1)]
    headers: dict[str, str] = {}
    close: Request | None = None


class OAuth2Auth(Strict):
    """OAuth 2: client credentials, or a refresh token that may rotate.

    A rotated refresh token is kept durably by the token store before the new access token is used.

    Attributes:
        extra: further form fields of the token request; `headers` further headers of it (Sankhya's `X-Token`).
    """

    kind: Literal["oauth2"]
    grant: Literal["client_credentials", "refresh_token"]
    token_path: str
    client_id: str
    client_secret: str
    client_in: Literal["basic", "body"] = "basic"
    refresh_token: str | None = Field(default=None, description="the first refresh token, e.g. a credential")
    scope: str | None = None
    extra: dict[str, str] = {}
    headers: dict[str, str] = {}
    early_s: PositiveFloat = 60.0


Auth = Annotated[
    NoAuth | HeaderAuth | QueryAuth | BodyAuth | BasicAuth | BearerAuth | LoginAuth | OAuth2Auth,
    Field(discriminator="kind"),
]


class Rate(Strict):
    """At most `calls` in any window of `per_s` seconds. Several rates hold at once."""

    calls: PositiveInt
    per_s: PositiveFloat


class Retry(Strict):
    """Bounds of trying again. Waits grow exponentially with full jitter between `first_s` and `longest_s`.

    A wait asked for by the system that is longer than `patience_s` ends the pull with `BlockedError` instead.
    """

    attempts: PositiveInt = 6
    first_s: PositiveFloat = 0.5
    longest_s: PositiveFloat = 30.0
    patience_s: PositiveFloat = 300.0


class SinglePage(Strict):
    """Everything comes in one answer."""

    kind: Literal["single"]


class OffsetPaging(Strict):
    """`page.offset` grows by `size`; `page.last` is the last wanted position, inclusive."""

    kind: Literal["offset"]
    size: PositiveInt


class NumberPaging(Strict):
    """`page.number` grows by one from `first`."""

    kind: Literal["number"]
    size: PositiveInt
    first: Literal[0, 1] = 1


class CursorPaging(Strict):
    """`page.cursor` is null first, then what the answer holds at `cursor`; null or absent ends."""

    kind: Literal["cursor"]
    size: PositiveInt = 100
    cursor: str


class LinkPaging(Strict):
    """The next address is in the answer, at the path `link` or in the `Link` header (`rel="next"`) when None.

    Absolute or relative; it must stay on the origin of the base URL, since credentials travel with it.

    Attributes:
        snapshot: the links lead through one result that the system keeps, so that records which come or go meanwhile
            do not move others to another page (Salesforce).
    """

    kind: Literal["link"]
    size: PositiveInt = 100
    link: str | None = None
    snapshot: bool = False


class RangePaging(Strict):
    """`Range: <unit>=<offset>-<last>`; the total is read from `Content-Range`, and 416 is the end."""

    kind: Literal["range"]
    size: PositiveInt
    unit: str = "records"


class KeysetPaging(Strict):
    """`page.after` is `start` first, then the value at `after` in the last record of the page.

    Stable when records come and go between pages; read one page after another.
    """

    kind: Literal["keyset"]
    size: PositiveInt
    after: str
    start: int | str = 0


Paging = Annotated[
    SinglePage | OffsetPaging | NumberPaging | CursorPaging | LinkPaging | RangePaging | KeysetPaging,
    Field(discriminator="kind"),
]


class Stop(Strict):
    """When the last page was reached. The most exact declared sign decides: `more`, `pages`, `total`, a short page.

    An empty page ends, unless it names a next cursor or link (OData allows that). Cursors and links end when there is
    no next one.

    Attributes:
        short_page: a page with fewer records than asked ends, where nothing more exact is declared.
        more: path of a flag that is true (or the text "true") while pages remain; "false" the text is false.
        total: path of the number of records, also used to check that nothing was skipped.
        pages: path of the number of pages.
    """

    short_page: bool = True
    more: str | None = None
    total: str | None = None
    pages: str | None = None


class HttpSettings(Strict):
    """Everything a description says of a system's HTTP side.

    Attributes:
        base_url: default address; the project's own replaces it.
        format: what bodies are, both ways. XML and SOAP answers are read as trees (`ports/xml/tree.py`).
        xml, soap: options of these formats.
        headers: sent with every request.
        rates: limits on the rate of calls, all at once; `concurrency` the calls in flight.
        day_budget: calls in one UTC day, or None.
        repeat_after_s: a system that refuses to answer the same question twice within so many seconds (Omie) is not
            asked: its last answer is given again. Writing through the port forgets them. None asks every time.
        timeout_s: one whole request, from sending to the last byte.
        max_body_mib: an answer larger than this (after decompression) is an error.
        outcomes: vendor rules, tried before the general ones of the port.
        user_agent: sent as `User-Agent`.
    """

    base_url: str | None = None
    format: BodyFormat = "json"
    xml: XmlSettings = XmlSettings()
    soap: SoapSettings = SoapSettings()
    headers: dict[str, str] = {}
    auth: Auth = NoAuth()
    rates: list[Rate] = []
    concurrency: PositiveInt = 4
    day_budget: PositiveInt | None = None
    repeat_after_s: PositiveFloat | None = None
    connect_timeout_s: PositiveFloat = 10.0
    timeout_s: PositiveFloat = 60.0
    max_body_mib: PositiveInt = 32
    retry: Retry = Retry()
    outcomes: list[Outcome] = []
    user_agent: str = "reconciler"


class Listing(Strict):
    """A request that gives a list of records, page by page.

    Attributes:
        request: with references to `page.*`.
        records: path of the list in the answer; "" when the answer is the list.
        required: paths that every record must have, be it empty: one that is missing is an error and not an empty
            value. For systems whose records may change their shape without notice.
        ceiling: the system gives so many records of a listing and no more, without a word (RD Station). A reading that
            reaches the number is refused, since nobody can tell what is missing.
        one_as_object: the system writes a list of one record as the record itself, without a list around it.
        paging, stop: how pages follow one another and end.
        confirm_empty_s: an empty page is asked again after this many seconds, up to three times, before it is
            believed; for systems that answer "nothing" when they mean "too fast" (Ploomes). None believes at once.
            Where a total is declared it decides instead: an empty page with a total that agrees is believed at once,
            and one without it is asked again and never believed.
    """

    request: Request
    records: str = ""
    required: list[str] = []
    one_as_object: bool = False
    ceiling: PositiveInt | None = None
    paging: Paging
    stop: Stop = Stop()
    confirm_empty_s: PositiveFloat | None = None


JsonObject = dict[str, Any]
"""A decoded JSON object, straight from orjson: str, int, float, bool, None, list and dict."""
