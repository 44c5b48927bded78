"""`[notify]` in the project file: strict, with the place of every mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.errors import TomlError
from reconciler.project import Project, load_project

_PROJECT = """\
[project]
name = "acme"
[crm]
vendor = "ploomes"
[erp]
vendor = "tryton"
[notify]
on = ["findings"]
webhook = { url = "https://hooks.example.com/x", secret = { env = "HOOK" } }
smtp = { host = "mail.example.com", from = "a@example.com", to = "b@example.com", username = "robot", \
password = { env = "MAIL" } }
"""


def _loaded(folder: Path, old: str = "", new: str = "", *, stage: str = "sandbox") -> Project:
    assert old in _PROJECT
    text = _PROJECT.replace(old, new, 1).replace('name = "acme"', f'name = "acme"\nstage = "{stage}"')
    (folder / "reconciler.toml").write_text(text)
    return load_project(folder / "reconciler.toml", {})


def test_what_is_left_out_is_the_safe_choice(tmp_path: Path) -> None:
    smtp = _loaded(tmp_path).file.notify.smtp
    assert smtp is not None
    assert (smtp.port, smtp.starttls, smtp.implicit_tls, smtp.to) == (587, True, False, ["b@example.com"])
    everything = _loaded(tmp_path, 'on = ["findings"]\n', "").file.notify
    assert everything.on == ["findings", "failure", "unknown"]


@pytest.mark.parametrize(
    ("old", "new", "key", "words"),
    [
        ('["findings"]', '["finding"]', "notify.on", "findings"),
        ("webhook =", "webhok =", "notify.webhok", "webhook"),
        ("https://", "ftp://", "notify.webhook.url", "https://"),
        ("https://", "https://ana:senha@", "notify.webhook.url", "user or password"),
        ("from =", "form =", "notify.smtp.form", "`from`"),
        ('"b@example.com"', '"Bia <b@example.com>"', "notify.smtp.to", "e-mail address"),
        ('"b@example.com"', "[]", "notify.smtp.to", "at least 1"),
        ('"a@example.com"', '"a@example.com\\nBcc: c@example.com"', "notify.smtp.from", "e-mail address"),
        ('username = "robot", ', "", "notify.smtp", "both"),
        ('username = "robot"', 'starttls = false, username = "robot"', "notify.smtp", "in the clear"),
    ],
    ids=["event", "key", "scheme", "login in URL", "from", "named address", "nobody", "header", "login", "clear"],
)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, old: str, new: str, key: str, words: str) -> None:
    with pytest.raises(TomlError) as refused:
        _loaded(tmp_path, old, new)
    assert refused.value.key.startswith(key)
    assert refused.value.line >= 8
    assert words in str(refused.value)


def test_a_literal_secret_is_for_the_sandbox_alone(tmp_path: Path) -> None:
    key = ("notify", "webhook", "secret")
    for stage in ("sandbox", "live"):
        project = _loaded(tmp_path, '{ env = "HOOK" }', '"whsec_made-up"', stage=stage)
        webhook = project.file.notify.webhook
        assert webhook is not None
        if stage == "sandbox":
            assert project.secret(key, webhook.secret) == "whsec_made-up"
        else:
            with pytest.raises(TomlError, match="NOTIFY_SECRET"):
                project.secret(key, webhook.secret)
