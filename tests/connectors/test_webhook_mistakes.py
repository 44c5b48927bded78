"""What a person is told about a mistake in the webhooks of a description: file, line, key, problem."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.connectors.load import load_description
from reconciler.errors import TomlError
from tests.connectors.unknown_system import DESCRIPTION

WEBHOOKS = """
[webhooks]
verified = "documentation"
[webhooks.secrets]
hook_key = "secret of the webhooks"

[webhooks.verification]
kind = "hmac"
header = "X-Sig"
message = "{timestamp}.{body}"
timestamp = { header = "X-Time" }

[webhooks.events]
entity = ["what"]
id = ["data.id"]
delivery_id = [{ header = "X-Id" }]
[webhooks.events.entities]
partner = "customers"

[webhooks.registration]
id = "id"
url = "address"
create = { method = "POST", path = "/hooks", body = { topic = "$webhook.topic", address = "$webhook.url" } }
delete = { method = "DELETE", path = "/hooks/{id}" }
events = [{ entity = "customers", values = { topic = "partner" } }]
[webhooks.registration.listing]
request = { path = "/hooks" }
records = "hooks"
paging = { kind = "single" }
"""
HEAD = 'roles = ["crm"]\n'
GOOD = DESCRIPTION.replace(HEAD, f'{HEAD}ports = ["webhook", "rest"]\n') + WEBHOOKS

MISTAKES = {
    # what is replaced, by what, the text on the line that is told, its key, the problem
    "no body in what is signed": (
        "{timestamp}.{body}",
        "{timestamp}",
        'message = "{t',
        "message",
        "never holds {body}",
    ),
    "unknown part of what is signed": (
        "{timestamp}.{body}",
        "{stamp}{timestamp}{body}",
        'message = "{stamp',
        "message",
        "stamp",
    ),
    "timestamp that is not signed": ("{timestamp}.{body}", "{body}", "[webhooks.verification]", "", "signed"),
    "timestamp that is not declared": (
        'timestamp = { header = "X-Time" }\n',
        "",
        "[webhooks.verification]",
        "",
        "must be declared",
    ),
    "name of a header": ('header = "X-Sig"', 'header = "X Sig"', 'header = "X Sig"', "header", "name of a header"),
    "secret that calls use": ("hook_key", "key", 'key = "secret', "webhooks.secrets.key", "a credential of calls"),
    "signed with an unknown credential": (
        "[webhooks.secrets]",
        'signed_with = "kye"\n[webhooks.secrets]',
        "kye",
        "webhooks.signed_with",
        "no credential of calls",
    ),
    "two places in one": (
        '{ header = "X-Id" }',
        '{ header = "X-Id", query = "id" }',
        "delivery_id",
        "webhooks.events.delivery_id",
        "exactly one",
    ),
    "path with brackets": ('"data.id"', '"data[0].id"', "data[0]", "webhooks.events.id", "not a path into the payload"),
    "unknown entity": (
        '"customers"\n\n[webhooks.reg',
        '"custmers"\n\n[webhooks.reg',
        "custmers",
        "partner",
        "no entity",
    ),
    "unknown kind": ('kind = "hmac"', 'kind = "hmca"', "hmca", "webhooks.verification.kind", "'hmca'"),
    "unknown reference": ("$webhook.topic", "$webhook.tpic", "tpic", "webhooks.registration.create", "not known"),
    "unknown registered entity": ('{ entity = "customers"', '{ entity = "x"', 'entity = "x"', "events", "no entity x"),
    "no port": ('ports = ["webhook", "rest"]\n', "", "[vendor]", "vendor.ports", "does not list webhook"),
    "no entities at all": ('partner = "customers"\n', "", "[webhooks.events.entities]", "entities", "at least 1"),
}
NO_SECRET = GOOD.replace('[webhooks.secrets]\nhook_key = "secret of the webhooks"\n', "")


@pytest.mark.parametrize(("old", "new", "needle", "key", "problem"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_names_file_line_and_key(
    old: str, new: str, needle: str, key: str, problem: str, tmp_path: Path
) -> None:
    assert old in GOOD
    text = GOOD.replace(old, new, 1)
    (tmp_path / "acme.toml").write_text(text, encoding="utf-8")
    with pytest.raises(TomlError) as caught:
        load_description("./acme.toml", tmp_path)
    line = next(number for number, line in enumerate(text.splitlines(), 1) if needle in line)
    assert caught.value.line == line, str(caught.value)
    assert key in caught.value.key
    assert problem in caught.value.message


def test_registering_may_bring_the_secret_that_is_not_listed(tmp_path: Path) -> None:
    (tmp_path / "acme.toml").write_text(NO_SECRET, encoding="utf-8")
    assert load_description("./acme.toml", tmp_path).webhooks is not None
    (tmp_path / "acme.toml").write_text(NO_SECRET[: NO_SECRET.index("[webhooks.registration]")], encoding="utf-8")
    with pytest.raises(TomlError, match="needs a secret"):
        load_description("./acme.toml", tmp_path)


def test_an_entity_that_cannot_be_read_one_by_one_gets_no_hints(tmp_path: Path) -> None:
    one = GOOD.index("[entities.customers.one]")
    text = GOOD[:one] + GOOD[GOOD.index("[entities.customers.find]") :]
    (tmp_path / "acme.toml").write_text(text, encoding="utf-8")
    with pytest.raises(TomlError, match="lead nowhere"):
        load_description("./acme.toml", tmp_path)


def test_a_delivery_id_that_is_signed_stands_in_a_header(tmp_path: Path) -> None:
    text = GOOD.replace("{timestamp}.{body}", "{timestamp}{delivery_id}{body}")
    (tmp_path / "acme.toml").write_text(text, encoding="utf-8")
    assert load_description("./acme.toml", tmp_path).webhooks is not None
    (tmp_path / "acme.toml").write_text(text.replace('{ header = "X-Id" }', '"delivery"'), encoding="utf-8")
    with pytest.raises(TomlError, match="names no header"):
        load_description("./acme.toml", tmp_path)


def test_a_key_place_names_a_secret_there_is(tmp_path: Path) -> None:
    start, end = GOOD.index('kind = "hmac"'), GOOD.index("[webhooks.events]")
    places = 'kind = "key"\nplaces = [{ query = "key", secret = "hook_kee" }]\n\n'
    (tmp_path / "acme.toml").write_text(GOOD[:start] + places + GOOD[end:], encoding="utf-8")
    with pytest.raises(TomlError, match="names no credential") as caught:
        load_description("./acme.toml", tmp_path)
    assert "`hook_key`" in caught.value.hint


@pytest.mark.parametrize("vendor", ["ploomes", "sandbox_erp"])
def test_the_shipped_webhooks_name_every_entity_of_the_system(vendor: str) -> None:
    description = load_description(vendor, Path())
    assert description.webhooks is not None
    assert set(description.webhooks.events.entities.values()) == set(description.entities)
