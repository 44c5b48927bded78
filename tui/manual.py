"""The key list of the manual, from the action table. `python -m tui.manual` writes it into `docs/tui.md`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import Final

from tui.action import Action
from tui.actions import ACTIONS, by_group, split_keys
from tui.i18n import texts_of

MANUAL: Final = Path(__file__).parents[1] / "docs" / "tui.md"
BEGIN: Final = "<!-- keys: written by python -m tui.manual -->"
END: Final = "<!-- end of keys -->"

_NAMES: Final = {
    "question_mark": "?",
    "right_square_bracket": "]",
    "left_square_bracket": "[",
    "left_parenthesis": "(",
    "right_parenthesis": ")",
    "slash": "/",
    "asterisk": "*",
}


def key_list() -> str:
    """Every action under its heading, as Markdown."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    texts = texts_of("en", UTC)
    for group, actions in by_group(ACTIONS).items():
        yield f"### {texts(f'group.{group}')}\n"
        yield "| Key | Action | Where | `[tui.keys]` | |"
        yield "|---|---|---|---|---|"
        for action in actions:
            yield _row(action, texts(action.text_id), texts(action.help_id))
        yield ""


def _row(action: Action, label: str, sentence: str) -> str:
    keys = " ".join(f"`{_NAMES.get(key, key)}`" for key in split_keys(action.key))
    where = ", ".join(sorted(action.places)) or "everywhere"
    return f"| {keys} | {label} | {where} | `{action.id}` | {sentence} |"


def with_keys(manual: str) -> str:
    """The manual with the key list as it is now."""
    before, _, rest = manual.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{key_list()}\n{END}{after}"


if __name__ == "__main__":
    MANUAL.write_text(with_keys(MANUAL.read_text(encoding="utf-8")), encoding="utf-8")
    sys.exit(0)
