"""Writes `docs/runbook.md` from `entries.toml` and the codes of the program: `python docs/runbook/generate.py`.

Every stable code must be in exactly one group of the entries; one that is none, or is missing, ends it with an error.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from reconciler import errors
from reconciler.app.webhooks import intake
from reconciler.ports.webhook.verification import Verdict
from reconciler.service import problems
from reconciler.taxes.sentences import CODES, sentence

HERE: Final = Path(__file__).parent
PAGE: Final = HERE.with_suffix(".md")
_SERVICE: Final = Path(problems.__file__).parent
_WORD: Final = re.compile(r"`([a-z_]+)`")
_NO_CODES: Final = frozenset({"place", "request_id"})
_CODE_ARGUMENT: Final = {"problem": 1, "unavailable": 0}
_DETAILS: Final = (
    *("deadline_s", "until", "words", "failures", "retry_in_s", "count", "sku", "answered", "asked", "line", "member"),
    *("kind", "expected", "items", "state", "cents", "draft", "reason"),
)
_HEAD: Final = """\
# Runbook by code

<!-- Written by docs/runbook/generate.py from docs/runbook/entries.toml: change those. -->

Every code that the program shows: at the end of an error on stderr (`(unreachable)`), in `error.code` of a run, as
`code` of a problem of the HTTP service, or as `reason` and note beside taxes. Begin with `reconciler doctor`.

**Who**: *operator* runs the installation; *technical lead* answers for the integration; *scope owner* decides about
data and rules; *caller* is whoever programs against the service; *seller* uses the quoting page.
"""


def error_codes() -> dict[str, int]:
    """The codes of the error tree, with the exit code of each."""
    return {each.code: each.exit_code for each in _tree(errors.ReconcilerError)}


def _tree(kind: type[errors.ReconcilerError]) -> Iterator[type[errors.ReconcilerError]]:
    yield kind
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from _tree(child)


def service_codes() -> set[str]:
    """The codes of problems that the HTTP service answers: those its source names, and those it passes on."""
    found = set(problems._NAMES.values()) | {
        "unknown_customer",
        "unknown_product",
        "wrong_quote",
        "unknown_quote",
        "refused",
    }
    for source in _SERVICE.rglob("*.py"):
        found |= set(_named(ast.parse(source.read_text(encoding="utf-8"))))
    found |= {str(word) for word in (*Verdict, *intake.Refusal) if word is not Verdict.GENUINE}
    return found | _published()


def _published() -> set[str]:
    """The codes in the table of `docs/service.md`."""
    _, _, table = (HERE.parent / "service.md").read_text(encoding="utf-8").partition("| Status | Codes |")
    rows = table.split("\n\n")[0].splitlines()
    return {code for row in rows for code in _WORD.findall(row)} - _NO_CODES


def _named(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _CODE_ARGUMENT:
            place = _CODE_ARGUMENT[node.func.id]
            code = node.args[place] if len(node.args) > place else None
            if isinstance(code, ast.Constant) and isinstance(code.value, str):
                yield code.value


def all_codes() -> set[str]:
    """Every stable code."""
    return set(error_codes()) | service_codes() | set(CODES)


def page() -> str:
    """The text of the runbook.

    Raises:
        ValueError: a code has no entry, an entry has no code, or a part of it is empty.
    """
    groups: list[dict[str, Any]] = tomllib.loads((HERE / "entries.toml").read_text(encoding="utf-8"))["group"]
    named = [code for group in groups for code in group["codes"]]
    known = all_codes()
    if wrong := (known - set(named)) | (set(named) - known) | {code for code in named if named.count(code) > 1}:
        raise ValueError(f"these codes are missing, unknown or named twice: {', '.join(sorted(wrong))}")
    return "\n".join([_HEAD, *(_section(group) for group in groups)])


def _section(group: dict[str, Any]) -> str:
    exits = error_codes()
    rows = ["| Code | Meaning |", "|---|---|"]
    for code, given in group["codes"].items():
        meaning = given or _meaning(code)
        ends = f" Exit code {exits[code]}." if code in exits else ""
        rows.append(f"| `{code}` | {meaning}{ends} |")
    parts = {name: group[name].strip() for name in ("title", "check", "do", "who")}
    if empty := [name for name, text in parts.items() if not text]:
        raise ValueError(f"{parts['title']}: nothing under {', '.join(empty)}")
    table = "\n".join(rows)
    steps = "\n".join(f"- **{name.capitalize()}**: {parts[name]}" for name in ("check", "do", "who"))
    return f"## {parts['title']}\n\n{table}\n\n{steps}\n"


def _meaning(code: str) -> str:
    """The sentence that is shown with a code about taxes."""
    return sentence(code, {name: f"‹{name}›" for name in _DETAILS}, "en").replace("|", "\\|")


if __name__ == "__main__":
    if "--codes" in sys.argv:
        sys.stdout.write("\n".join(sorted(all_codes())) + "\n")
    else:
        PAGE.write_text(page(), encoding="utf-8")
