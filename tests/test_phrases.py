"""Every sentence that is made below the screens can be said in Portuguese; every error is raised with such a one."""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

import reconciler
from reconciler import errors
from reconciler.connectors.load import load_description
from reconciler.phrases.languages import catalogue, in_language, marks_of
from reconciler.phrases.phrase import joined, phrase

_ROOT = Path(reconciler.__file__).parent
_NOT_ON_A_SCREEN = (
    *("cli/", "service/", "sandbox/", "reports/", "connectors/guess/", "ports/notices/", "ports/webhook/", "phrases/"),
    *("app/backup/", "app/doctor/", "app/notifications/", "app/pilot/scenarios/", "app/privacy/", "app/schedule/"),
    *("app/webhooks/", "app/new_", "store/state/pilot.py", "store/state/privacy.py", "errors.py"),
)
"""Their errors end a command or answer a request, in English as all commands and the whole protocol."""
_FEW_LETTERS = 8
_MESSAGE_AT = {errors.SystemReadError: 1, errors.WriteError: 3, errors.TomlError: 3}


@dataclass(frozen=True)
class _Call:
    where: str
    line: int
    name: str
    node: ast.Call


@cache
def _sources() -> dict[str, str]:
    sources = sorted(_ROOT.rglob("*.py"))
    return {str(path.relative_to(_ROOT)): path.read_text(encoding="utf-8") for path in sources}


@cache
def _calls() -> list[_Call]:
    """Of `phrase` and of the errors. Parsing only what has any is half of the time."""
    names = {"phrase", *_error_names()}
    wanted = re.compile(rf"\b({'|'.join(names)})\(")
    return [
        _Call(where, node.lineno, node.func.id, node)
        for where, text in _sources().items()
        if wanted.search(text)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names
    ]


def test_a_place_of_the_project_file_is_blamed_with_a_phrase() -> None:
    """`Project.fault` and `TomlFile.fault` make the error of a place; what is wrong there is said as any other."""
    bare = [
        f"{where}:{node.lineno}"
        for where, text in _sources().items()
        if ".fault(" in text and not where.startswith(_NOT_ON_A_SCREEN)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "fault"
        for each in (*node.args[1:2], *(each.value for each in node.keywords if each.arg in ("problem", "hint")))
        if isinstance(each, ast.JoinedStr | ast.Constant)
    ]
    assert bare == []


def test_a_mistake_of_a_description_is_a_phrase() -> None:
    """The project file is read before its language is known; what is wrong with a description is told in it."""
    bare = [
        f"{where}:{each.lineno}"
        for where, text in _sources().items()
        if "Problem(" in text and where.startswith(("toml_", "connectors/", "ports/"))
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Problem"
        for each in node.args[1:3]
        if isinstance(each, ast.JoinedStr | ast.Constant)
    ]
    assert bare == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"Bling API v3"', "7", "vendor.title: tem de ser texto, e não um número "),
        ("roles = ", "rols = ", "vendor.rols: chave desconhecida Você quis dizer `roles`?"),
        ("$page.number", "1", "nunca usa page.number, e assim toda página seria a primeira Ponha"),
    ],
    ids=["type", "key", "page"],
)
def test_a_mistake_of_a_description_is_told_in_portuguese(old: str, new: str, said: str, tmp_path: Path) -> None:
    text = (_ROOT / "connectors/vendors/bling.toml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "acme.toml").write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(errors.TomlError) as told:
        load_description("./acme.toml", tmp_path)
    assert said in f"{in_language(told.value.message, 'pt-BR')} {in_language(told.value.hint, 'pt-BR')}"


def _error_names() -> dict[str, type[errors.ReconcilerError]]:
    kinds = [each for each in vars(errors).values() if isinstance(each, type)]
    return {each.__name__: each for each in kinds if issubclass(each, errors.ReconcilerError)}


def _templates() -> Iterator[tuple[str, str, set[str | None]]]:
    """Where a phrase is made, of which template, and which values it is given."""
    for call in _calls():
        if call.name == "phrase":
            template = call.node.args[0]
            assert isinstance(template, ast.Constant), f"{call.where}:{call.line}: a template is written out"
            assert isinstance(template.value, str)
            yield f"{call.where}:{call.line}", template.value, {each.arg for each in call.node.keywords}


def test_every_phrase_has_a_portuguese_text_with_the_same_marks() -> None:
    missing, wrong = [], []
    for where, template, given in _templates():
        said = catalogue().get(template)
        if said is None:
            missing.append((where, template))
        elif not (marks_of(said) == marks_of(template) == given):
            wrong.append((where, template, said))
    assert missing == []
    assert wrong == []


def test_no_portuguese_text_is_left_over() -> None:
    """Those that are no phrase are made by the mapping or are single words: their own words are in some source."""
    used = {template for _, template, _ in _templates()}
    texts = re.sub(r'"\s+f?"', "", "\n".join(_sources().values()))
    left_over = [
        template
        for template in catalogue().keys() - used
        if any(piece not in texts for piece in re.split(r"\{\w+\}", template))
    ]
    assert left_over == []


def test_an_error_that_may_reach_a_screen_is_raised_with_a_phrase() -> None:
    """A bare text, or one put together on the spot, could not be said in Portuguese."""
    bare = []
    kinds = _error_names()
    for call in _calls():
        kind = kinds.get(call.name)
        if kind is None or call.where.startswith(_NOT_ON_A_SCREEN) or issubclass(kind, errors.TaxAnswerError):
            continue
        place = next((at for base, at in _MESSAGE_AT.items() if issubclass(kind, base)), 0)
        told = [*call.node.args[place : place + 1], *(each.value for each in call.node.keywords if each.arg == "hint")]
        bare += [f"{call.where}:{each.lineno}" for each in told if isinstance(each, ast.JoinedStr | ast.Constant)]
    assert bare == []


def test_what_is_kept_in_english_is_recognised_again() -> None:
    """The state keeps the English alone; whatever was made of a phrase is said as the phrase itself is."""
    for template, said in catalogue().items():
        values = {name: f"X{number}" for number, name in enumerate(sorted(marks_of(template)))}
        made = phrase(template, **values)
        assert in_language(made, "pt-BR") == said.format(**values)
        assert in_language(made, "en") == str(made) == template.format(**values)
        # A few letters between values are in too many texts to be recognised.
        if len(re.sub(r"\{\w+\}|\W", "", template)) > _FEW_LETTERS:
            assert in_language(str(made), "pt-BR") == in_language(made, "pt-BR")


def test_parts_of_a_sentence_are_said_and_data_is_not() -> None:
    why = phrase("it is {state}", state="approved")
    refusal = errors.RefusedError(
        phrase("no correction was {done}: {reasons}.", done="approved", reasons=joined("; ", [why, why]))
    )
    assert refusal.message == "no correction was approved: it is approved; it is approved."
    told = "nenhuma correção foi aprovada: está aprovada; está aprovada."
    assert in_language(refusal.message, "pt-BR") == told
    named = phrase("“{vendor}” describes no {entity}.", vendor="approved", entity="is damaged")
    assert in_language(named, "pt-BR") == "“approved” não descreve is damaged."


def test_an_error_says_its_place_and_its_message() -> None:
    error = errors.OutcomeUnknownError(
        "crm",
        "customers",
        "4",
        phrase("sent, and {why}", why=phrase("the connection was lost before the answer was complete")),
        phrase("Look at the record in the system: it was done if it has the new values of {fields}.", fields="email"),
    )
    whole = "crm: customers 4: enviado, e a conexão caiu antes de a resposta estar completa"
    assert in_language(error.message, "pt-BR") == in_language(str(error.message), "pt-BR") == whole
    assert (
        in_language(error.hint, "pt-BR") == "Veja o registro no sistema: foi feito se tiver os novos valores de email."
    )


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        (
            "erp: GET /x: no whole answer within 30 s. Ask for smaller pages, or raise timeout_s.",
            "erp: GET /x: sem resposta completa em 30 s. Peça páginas menores, ou aumente timeout_s.",
        ),
        (
            "Accepted, and it reads back otherwise in email. The system does not take phone.",
            "Aceita, e a releitura difere em email. O sistema não aceita phone.",
        ),
        (
            "customers was not compared: suspicious: crm is not believed, it holds no record now and held 12 before.",
            "customers não foi comparado: suspeito: não se acredita no crm, não tem registro agora e antes tinha 12.",
        ),
        ("what a system says of itself", "what a system says of itself"),
        ("email: the value is longer than 60 characters", "email: o valor tem mais de 60 caracteres"),
    ],
    ids=["error", "sentences", "nested", "outside", "problem"],
)
def test_sentences_of_the_state(kept: str, said: str) -> None:
    assert in_language(kept, "pt-BR") == said


def test_phrases_survive_being_copied() -> None:
    for made in (phrase("it is {state}", state="approved"), joined("; ", ["is damaged", phrase("is damaged")])):
        for other in (copy.copy(made), copy.deepcopy(made)):
            assert other == made
            assert in_language(other, "pt-BR") == in_language(made, "pt-BR")
