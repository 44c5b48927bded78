"""What would break a target is said before anybody approves, in both languages; edits are looked at the same way."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.connectors.write import plan as write_plan
from reconciler.corrections import problems as problems_module
from reconciler.corrections.content import digest_of
from reconciler.corrections.editing import Edit, edited
from reconciler.corrections.problems import problems_of
from reconciler.corrections.problems_pt import problem_in_portuguese
from reconciler.corrections.reasons import LeftOut, Reason, sentence
from reconciler.corrections.values import ValueTextError
from reconciler.errors import RefusedError
from reconciler.model.corrections import CorrectionAction, CorrectionState, FieldChange
from tests.connectors.writing_vendor import DESCRIPTION
from tests.corrections.proposal_rig import TAX_ID, correction, rules, writer

_UPDATE, _CREATE, _DEACTIVATE = CorrectionAction.UPDATE, CorrectionAction.CREATE, CorrectionAction.DEACTIVATE
_NEW = (FieldChange("tax_id", None, TAX_ID), FieldChange("legal_name", None, "Alfa"))
_NEW_ORDER = (FieldChange("number", None, "900"), FieldChange("sku", None, "A", line="A"))


def found(entity: str, action: CorrectionAction, *changes: FieldChange) -> tuple[str, ...]:
    return problems_of(entity, action, changes, rules(), writer())


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (FieldChange("legal_name", "Alfa", "A" * 41), "legal_name: the system takes at most 40 characters"),
        (FieldChange("tax_id", TAX_ID, "11222333000182"), "tax_id: the value is not a CNPJ: check digits or shape"),
        (FieldChange("tax_id", TAX_ID, None), "tax_id: a key field needs a value"),
        (FieldChange("state", "SP", "RJ"), "state: the system does not take the field"),
        (FieldChange("updated_at", None, "2026-05-02T00:00:00Z"), "updated_at: the system writes the field itself"),
        (FieldChange("credit_limit", "1", "1.000,00"), "credit_limit: the value is not a number written as 1234.56"),
        (FieldChange("trade_name", None, "x"), "trade_name: the field is not mapped"),
        (FieldChange("phone", "1", "1"), "nothing changes"),
    ],
    ids=lambda each: each if isinstance(each, str) else each.field,
)
def test_a_change_that_the_target_will_not_take_is_told(change: FieldChange, problem: str) -> None:
    assert found("customers", _UPDATE, change) == (problem,)


def test_what_the_target_takes_has_no_problem() -> None:
    changes = (FieldChange("legal_name", "Alfa", "Beta"), FieldChange("phone", "1133334444", None))
    assert found("customers", _UPDATE, *changes) == ()


@pytest.mark.parametrize(
    ("new", "problem"),
    [("7", "status: the value is not in the code list"), ("CANCELLED", None), (None, None)],
    ids=["not translated", "known", "emptied"],
)
def test_a_code_without_a_translation_is_not_written(new: str | None, problem: str | None) -> None:
    problems = found("orders", _UPDATE, FieldChange("status", "OPEN", new))
    assert problems == (() if problem is None else (problem,))


def test_a_code_that_only_the_target_lacks_is_told() -> None:
    one_code = DESCRIPTION.replace('codes = { SP = "SP", RJ = "RJ" }', 'codes = { SP = "SP" }')
    change = FieldChange("state", None, "RJ")
    problems = problems_of("customers", _CREATE, (*_NEW, change), rules(), writer(one_code))
    assert problems == ("state: the value has no code in the system",)


def test_a_line_is_looked_at_with_its_own_rules() -> None:
    taken = FieldChange("quantity", "1", "2", line="A")
    assert found("orders", _UPDATE, taken) == ()
    assert found("orders", _UPDATE, replace(taken, new="two")) == (
        "quantity: the value is not a number written as 1234.56",
    )
    assert found("orders", _UPDATE, replace(taken, field="unit_price")) == (
        "unit_price: the system does not take the field",
    )
    assert found("orders", _UPDATE, replace(taken, field="total")) == ("total: the field is not mapped",)


def test_a_new_record_needs_its_key() -> None:
    assert found("customers", _CREATE, *_NEW) == ()
    assert found("customers", _CREATE, _NEW[1]) == ("tax_id: a key field needs a value",)
    assert found("orders", _CREATE, *_NEW_ORDER) == ()
    nameless = FieldChange("quantity", None, "1", line="B")
    assert found("orders", _CREATE, *_NEW_ORDER, nameless) == ("sku: a key field needs a value",)


def test_a_field_is_changed_once() -> None:
    change = FieldChange("legal_name", "Alfa", "Beta")
    assert found("customers", _UPDATE, change, replace(change, new="Gama")) == (
        "legal_name: the field is changed twice",
    )


def test_a_system_that_is_not_described_as_writable_takes_nothing() -> None:
    closed = writer(f"{DESCRIPTION[: DESCRIPTION.index('[entities.orders.write]')]}")
    said = ("the description does not say how such records are taken out of use",)
    assert problems_of("orders", _DEACTIVATE, (), rules(), closed) == said
    assert problems_of("orders", _CREATE, _NEW_ORDER, rules(), closed)[0] == "the description has no `create`"
    problem = problems_of("orders", _UPDATE, (FieldChange("total", "1", "2"),), rules(), closed)
    assert problem == ("total: the description does not say how it is written",)


def _clauses() -> Iterator[str]:
    """The texts that the functions about problems return, and what `problems.py` yields."""
    for module in (write_plan, problems_module):
        tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
        for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
            if "problem" in function.name or module is problems_module:
                for node in ast.walk(function):
                    if isinstance(node, ast.Return | ast.Yield):
                        yield from _texts(node.value)


def _texts(node: ast.AST | None) -> Iterator[str]:
    """Constant texts of several words; in what is put together, `update` stands for what is put in."""
    if isinstance(node, ast.Constant):
        text = str(node.value)
    elif isinstance(node, ast.JoinedStr):
        text = "".join(str(part.value) if isinstance(part, ast.Constant) else "update" for part in node.values)
    else:
        for child in ast.iter_child_nodes(node) if node is not None else ():
            yield from _texts(child)
        return
    if re.search("[a-z] [a-z]", text):
        yield text.removeprefix("update: ")


_SEEN = sorted(set(_clauses()) - {"the value update"})
_MORE = [
    "a key field needs a value",
    "the description does not say how it is written",
    "the system takes at most 40 characters",
    "the value has no code in the system",
    "the value is not a decimal value",
    "the value cannot be written as decimal without being changed",
    "the value does not come apart into 2 joined parts",
    "the value is not a CNPJ: check digits or shape",
]


def test_the_clauses_are_found() -> None:
    assert len(_SEEN) >= 10


@pytest.mark.parametrize("clause", [*_SEEN, *_MORE])
def test_a_problem_has_portuguese_words(clause: str) -> None:
    told = problem_in_portuguese(f"email: {clause}")
    assert told.startswith("email: ")
    assert told.removeprefix("email: ") != clause


def test_a_clause_alone_has_portuguese_words_too() -> None:
    assert problem_in_portuguese("nothing changes") == "nada muda"
    told = problem_in_portuguese("the value is not a CNPJ: check digits or shape")
    assert told == "o valor não é um CNPJ: dígitos verificadores ou formato"


@pytest.mark.parametrize("reason", list(Reason), ids=str)
def test_a_reason_has_a_sentence_in_both_languages(reason: Reason) -> None:
    detail = {"field": "email", "side": "crm", "id": "401", "problem": "the system does not take the field"}
    english, portuguese = (sentence(LeftOut("f1", reason, detail), locale) for locale in ("en", "pt-BR"))
    assert english != portuguese
    for told in (english, portuguese):
        assert re.fullmatch(r"\S.*\.", told)
        assert "{" not in told
        assert "?" not in told


def test_a_sentence_names_what_it_is_about() -> None:
    detail = {"field": "state", "side": "erp", "problem": "the system does not take the field"}
    left_out = LeftOut("f1", Reason.NOT_WRITABLE, detail)
    assert sentence(left_out, "en") == "The ERP cannot be given state: the system does not take the field."
    assert sentence(left_out, "pt-BR") == "Não é possível gravar state no ERP: o sistema não aceita o campo."


class TestEditing:
    """A person gives a proposal another value before it is approved."""

    proposal = correction(
        FieldChange("legal_name", "Alfa", "A" * 41, finding="f1"),
        FieldChange("phone", None, "1133334444"),
        state=CorrectionState.PROPOSED,
        problems=("legal_name: the system takes at most 40 characters",),
    )

    def test_the_value_the_content_and_the_problems_are_new(self) -> None:
        after = edited(self.proposal, Edit("legal_name", "Beta"), rules(), writer(), person="bruno")
        assert after.changes[0] == FieldChange("legal_name", "Alfa", "Beta", finding="f1", edited_by="bruno")
        assert after.changes[1] == self.proposal.changes[1]
        assert (after.problems, after.digest) == ((), digest_of(after))
        assert after.digest != self.proposal.digest
        assert after.id == self.proposal.id

    def test_what_a_person_types_becomes_canonical(self) -> None:
        after = edited(self.proposal, Edit("phone", "(11) 2222-3333"), rules(), writer(), person="bruno")
        assert after.changes[1].new == "1122223333"
        emptied = edited(after, Edit("phone", " "), rules(), writer(), person="carla")
        assert emptied.changes[1] == FieldChange("phone", None, None, edited_by="carla")

    def test_a_line_is_edited_by_its_key(self) -> None:
        lines = [FieldChange("quantity", "1", "2", line=line) for line in "AB"]
        proposal = correction(*lines, entity="orders", key="900", state=CorrectionState.PROPOSED)
        after = edited(proposal, Edit("quantity", "3", line="B"), rules(), writer(), person="bruno")
        assert [change.new for change in after.changes] == ["2", "3"]

    def test_what_is_no_value_is_refused(self) -> None:
        proposal = correction(FieldChange("credit_limit", "1", "2"), state=CorrectionState.PROPOSED)
        with pytest.raises(ValueTextError, match="is not a number"):
            edited(proposal, Edit("credit_limit", "mil"), rules(), writer(), person="bruno")

    @pytest.mark.parametrize(
        ("changed", "edit", "words"),
        [
            ({"state": CorrectionState.APPROVED}, Edit("phone", "1"), "only proposals are edited"),
            ({"action": CorrectionAction.DEACTIVATE}, Edit("phone", "1"), "no value to edit"),
            ({}, Edit("credit_limit", "1"), "does not change credit_limit"),
            ({}, Edit("phone", "1", line="A"), "does not change phone"),
        ],
        ids=["approved", "deactivation", "another field", "a line"],
    )
    def test_what_cannot_be_edited_is_refused(self, changed: dict[str, object], edit: Edit, words: str) -> None:
        given = replace(self.proposal, **changed)  # type: ignore[arg-type]  # a few attributes of a correction
        with pytest.raises(RefusedError, match=words):
            edited(given, edit, rules(), writer(), person="bruno")
