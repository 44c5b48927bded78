"""Ids made of several members, from the description to the request for one record."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.app.vendors import vendor_document
from reconciler.connectors.load import load_description
from reconciler.errors import TomlError
from tests.connectors.unknown_system import DESCRIPTION

_COMPOSITE = DESCRIPTION.replace('id = "ref"', 'id = ["ref", "unit"]').replace('"$id"', '"{id.0}-{id.1}"')

_WRONG: dict[str, tuple[str, str]] = {
    "a wrong path": (_COMPOSITE.replace('"unit"', '"unit["'), r"customers\.id\[1\]: path .unit."),
    "a member too many": (_COMPOSITE.replace("{id.1}", "{id.2}"), r"refers to id\.2"),
    "a single member": (_COMPOSITE.replace('["ref", "unit"]', '["ref"]'), r"customers\.id"),
    "members of a single id": (DESCRIPTION.replace('"$id"', '"{id.0}"'), r"refers to id\.0"),
    "a number of several members": (_COMPOSITE.replace("{id.0}-{id.1}", "$id.number"), r"refers to id\.number"),
}


@pytest.mark.parametrize(("text", "problem"), _WRONG.values(), ids=_WRONG)
def test_a_mistake_in_an_id_is_told(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "acme.toml").write_text(text, encoding="utf-8")
    with pytest.raises(TomlError, match=problem):
        load_description("./acme.toml", tmp_path)


def test_all_members_are_shown() -> None:
    described = vendor_document("protheus", Path())["entities"]["customers"]
    assert (described["id"], described["details"]) == ("code + storeId", 1)
    assert vendor_document("bling", Path())["entities"]["quotes"]["details"] == 2
