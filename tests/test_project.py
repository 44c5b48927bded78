"""`reconciler.toml`: strict, with the place of every mistake; secrets from outside; options from the environment."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from reconciler.app.wire import load_descriptions
from reconciler.errors import ConfigurationError, SecretMissingError, TomlError
from reconciler.model.entities import Side
from reconciler.project import Project, load_project

CONTRACT_EXAMPLE = """\
[project]
name = "acme"
locale = "pt-BR"
timezone = "America/Sao_Paulo"
currency = "BRL"
stage = "pilot"
state = "sqlite:///state.db"
data = "data/"

[crm]
vendor = "ploomes"
base_url = "https://api2.ploomes.com"
credentials = { user_key = { env = "PLOOMES_USER_KEY" } }

[erp]
vendor = "tryton"
base_url = "http://erp.example:8069/rig"
credentials = { login = { env = "ERP_LOGIN" }, password = { env = "ERP_PASSWORD" } }
context = { notaModelo = 12 }

[scope.customers]
key = ["tax_id"]
[scope.customers.fields]
legal_name   = { owner = "erp" }
credit_limit = { owner = "erp", tolerance = "0.01", crm = "OtherProperties[contact_credit_limit].DecimalValue" }
email        = { owner = "crm" }

[scope.quotes]
taxes = true

[approvals]
required = 1
[[approvals.rules]]
entity = "customers"
field = "credit_limit"
required = 2

[run]
fail_on = { findings = 1 }
recheck = 200

[taxes]
deadline_s = 2.0
cache_ttl_s = 900

[service]
host = "127.0.0.1"
port = 8750
tokens = { env = "RECONCILER_TOKENS" }
"""


def _load(folder: Path, text: str, environment: dict[str, str] | None = None) -> Project:
    path = folder / "reconciler.toml"
    path.write_text(text, encoding="utf-8")
    return load_project(path, environment or {})


def test_the_example_of_the_contract_is_read(tmp_path: Path) -> None:
    project = _load(tmp_path, CONTRACT_EXAMPLE)
    field = project.file.scope["customers"].fields["credit_limit"]
    assert (field.owner, field.tolerance) == ("erp", Decimal("0.01"))
    assert project.file.run.recheck == 200
    assert project.data == tmp_path / "data"


@pytest.mark.parametrize(
    ("wrong", "right", "key", "words"),
    [
        ("recheck = 200", "rechek = 200", "run.rechek", "recheck"),
        ('owner = "crm"', 'owner = "crn"', "scope.customers.fields.email.owner", "crm"),
        ("recheck = 200", 'recheck = "200"', "run.recheck", "whole number"),
        ("recheck = 200", "recheck = -1", "run.recheck", "at least 0"),
        ('tolerance = "0.01"', "tolerance = 0.01", "scope.customers.fields.credit_limit.tolerance", "as text"),
        ('tolerance = "0.01"', 'tolerance = "a cent"', "scope.customers.fields.credit_limit.tolerance", "amount"),
        ('"America/Sao_Paulo"', '"America/SaoPaulo"', "project.timezone", "time zone"),
        ('"America/Sao_Paulo"', '"America"', "project.timezone", "time zone"),
        ('"America/Sao_Paulo"', '"../etc/passwd"', "project.timezone", "time zone"),
        ('"America/Sao_Paulo"', '"right/UTC"', "project.timezone", "time zone"),
        ('stage = "pilot"', 'stage = "prod"', "project.stage", "pilot"),
        ("[taxes]", "[taxs]", "taxs", "taxes"),
        ('{ env = "ERP_LOGIN" }', '{ envv = "ERP_LOGIN" }', "erp.credentials.login", "env"),
    ],
    ids=[
        "unknown key",
        "wrong choice",
        "text for a number",
        "out of bounds",
        "inexact tolerance",
        "tolerance in words",
        "time zone",
        "folder of time zones",
        "file of no time zone",
        "time zone with leap seconds",
        "stage",
        "section",
        "secret source",
    ],
)
def test_a_mistake_is_told_with_file_line_key_and_what_is_valid(
    tmp_path: Path, wrong: str, right: str, key: str, words: str
) -> None:
    text = CONTRACT_EXAMPLE.replace(wrong, right, 1)
    line = 1 + text[: text.index(right)].count("\n")
    with pytest.raises(TomlError) as caught:
        _load(tmp_path, text)
    assert caught.value.line == line
    assert caught.value.key.startswith(key)
    assert f"reconciler.toml:{line}" in str(caught.value)
    assert words in str(caught.value)
    assert caught.value.exit_code == 2


def test_a_missing_file_says_how_to_write_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="reconciler init"):
        load_project(tmp_path / "none.toml", {})


def test_secrets_come_from_the_environment_and_files(tmp_path: Path) -> None:
    (tmp_path / "password.txt").write_text("s3cret-from-file\n")
    text = CONTRACT_EXAMPLE.replace('{ env = "ERP_PASSWORD" }', '{ file = "password.txt" }')
    project = _load(tmp_path, text, {"ERP_LOGIN": "integration"})
    assert project.credentials(Side.ERP) == {"login": "integration", "password": "s3cret-from-file"}


def test_a_missing_secret_names_the_variable(tmp_path: Path) -> None:
    project = _load(tmp_path, CONTRACT_EXAMPLE)
    with pytest.raises(SecretMissingError, match="PLOOMES_USER_KEY"):
        project.credentials(Side.CRM)


@pytest.mark.parametrize("stage", ["homologation", "pilot", "live"])
def test_a_literal_secret_is_refused_outside_the_sandbox_without_showing_it(tmp_path: Path, stage: str) -> None:
    text = CONTRACT_EXAMPLE.replace('{ env = "PLOOMES_USER_KEY" }', '"k3y-literal"').replace("pilot", stage)
    project = _load(tmp_path, text)
    with pytest.raises(TomlError, match="sandbox") as caught:
        project.credentials(Side.CRM)
    assert caught.value.line == 13
    assert "k3y-literal" not in str(caught.value)


def test_a_literal_secret_is_taken_in_the_sandbox_and_not_shown_by_repr(tmp_path: Path) -> None:
    text = CONTRACT_EXAMPLE.replace('{ env = "PLOOMES_USER_KEY" }', '"k3y-literal"').replace("pilot", "sandbox")
    project = _load(tmp_path, text)
    assert project.credentials(Side.CRM) == {"user_key": "k3y-literal"}
    assert "k3y-literal" not in repr(project.file)


def test_two_sources_of_one_secret_are_refused(tmp_path: Path) -> None:
    text = CONTRACT_EXAMPLE.replace('{ env = "PLOOMES_USER_KEY" }', '{ env = "A", file = "b" }')
    with pytest.raises(TomlError, match="exactly one"):
        _load(tmp_path, text).credentials(Side.CRM)


def test_options_are_replaced_from_the_environment(tmp_path: Path) -> None:
    environment = {"RECONCILER_RUN_RECHECK": "0", "RECONCILER_PROJECT_LOCALE": "en", "RECONCILER_CRM_CONCURRENCY": "2"}
    project = _load(tmp_path, CONTRACT_EXAMPLE, environment)
    assert (project.file.run.recheck, project.file.project.locale) == (0, "en")
    assert project.file.crm.concurrency == 2


def test_a_project_may_state_its_own_limits_on_calls(tmp_path: Path) -> None:
    text = CONTRACT_EXAMPLE.replace("[crm]", "[crm]\nrates = [{ calls = 10, per_s = 1 }]\nconcurrency = 2")
    http = load_descriptions(_load(tmp_path, text))[Side.CRM].http
    assert http is not None
    assert [(rate.calls, rate.per_s) for rate in http.rates] == [(10, 1.0)]
    assert http.concurrency == 2
    shipped = load_descriptions(_load(tmp_path, CONTRACT_EXAMPLE))[Side.CRM].http
    assert shipped is not None
    assert shipped.rates[0].calls == 120


def test_a_wrong_option_in_the_environment_names_the_variable(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="RECONCILER_RUN_RECHECK"):
        _load(tmp_path, CONTRACT_EXAMPLE, {"RECONCILER_RUN_RECHECK": "many"})


PEOPLE = """
[people]
ana = { roles = ["reviewer"] }
bia = { roles = ["operator"], tokens = ["laptop"] }
"""


@pytest.mark.parametrize(
    ("wrong", "right", "key", "words"),
    [
        ('field = "credit_limit"', 'field = "credit_limt"', "approvals.rules[0].field", "credit_limit"),
        ('entity = "customers"', 'entity = "costumers"', "approvals.rules[0].entity", "customers"),
        ('field = "credit_limit"', 'field = "email"\nabove = "10"', "approvals.rules[0].above", "not an amount"),
        ('field = "credit_limit"', "above = 10.5", "approvals.rules[0].above", "as text"),
        ('["reviewer"] }', '["approver"] }', "people.ana.roles[0]", "reviewer"),
        ('["reviewer"] }', "[] }", "people.ana.roles", "at least 1"),
        ("ana = {", 'ana = { os_users = ["bia"],', "people.bia", "is ana already"),
        ("ana = {", 'ana = { tokens = ["laptop"],', "people.bia.tokens", "is ana already"),
        ("ana = {", "reconciler = {", "people.reconciler", "the product itself"),
        ("[people]", "[approvals2]\n[people]", "approvals2", "approvals"),
    ],
    ids=[
        "unknown field",
        "unknown entity",
        "no amount",
        "inexact amount",
        "unknown role",
        "no role",
        "a user twice",
        "a token twice",
        "the product's name",
        "unknown section",
    ],
)
def test_a_rule_that_would_protect_nothing_is_told_with_its_place(
    tmp_path: Path, wrong: str, right: str, key: str, words: str
) -> None:
    text = CONTRACT_EXAMPLE + PEOPLE
    assert wrong in text
    with pytest.raises(TomlError) as caught:
        _load(tmp_path, text.replace(wrong, right, 1))
    assert caught.value.key == key
    assert words in str(caught.value)
    assert caught.value.line > 0


def test_approval_rules_are_read_with_defaults(tmp_path: Path) -> None:
    approvals = _load(tmp_path, CONTRACT_EXAMPLE.replace("required = 2", 'above = "1000"\nrequired = 2')).file.approvals
    assert (approvals.required, approvals.expires_h) == (1, 24.0)
    (rule,) = approvals.rules
    assert (rule.entity, rule.field, rule.above, rule.required) == ("customers", "credit_limit", Decimal(1000), 2)


def test_a_rule_may_be_about_a_field_of_the_project_or_of_a_line(tmp_path: Path) -> None:
    own = 'region = { type = "code", crm = "Region", erp = "region" }\n'
    text = CONTRACT_EXAMPLE.replace("legal_name   =", own + "legal_name   =").replace(
        'field = "credit_limit"', 'field = "region"'
    )
    line = '[[approvals.rules]]\nentity = "orders.lines"\nfield = "unit_price"\nabove = "5"\nrequired = 2\n[run]'
    assert len(_load(tmp_path, text.replace("[run]", line)).file.approvals.rules) == 2


def test_the_digest_of_a_project_follows_what_it_says_and_not_how(tmp_path: Path) -> None:
    digest = _load(tmp_path, CONTRACT_EXAMPLE).digest
    assert _load(tmp_path, f"# a comment\n{CONTRACT_EXAMPLE}").digest == digest
    assert _load(tmp_path, CONTRACT_EXAMPLE.replace("recheck = 200", "recheck = 100")).digest != digest
    assert _load(tmp_path, CONTRACT_EXAMPLE, {"RECONCILER_RUN_RECHECK": "0"}).digest != digest
