"""What pydantic says about a TOML file, in words for the person who wrote the file. Loaded only to report a mistake."""

from __future__ import annotations

import re
import types
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from reconciler.phrases.phrase import phrase
from reconciler.toml_file import KeyPath, Problem, suggestion

_WANTED: Final = {
    "string_type": phrase("text"),
    "int_type": phrase("a whole number"),
    "int_from_float": phrase("a whole number"),
    "float_type": phrase("a number"),
    "bool_type": phrase("true or false"),
    "list_type": phrase("an array"),
    "dict_type": phrase("a table"),
    "model_type": phrase("a table"),
    "model_attributes_type": phrase("a table"),
    "decimal_type": phrase("a number in quotes"),
    "decimal_parsing": phrase("a number in quotes"),
    "path_type": phrase("text"),
}
_LIMITS: Final = {
    "greater_than": "must be greater than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "too_short": "needs at least {min_length} of its items",
    "too_long": "has more than {max_length} items",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "finite_number": "must be a finite number",
}


@dataclass(frozen=True, slots=True)
class _Mistake:
    """One pydantic error with its place. `choices` are the unions on the way: where, and which member was tried."""

    error: ErrorDetails
    path: KeyPath
    holder: Any
    choices: tuple[tuple[KeyPath, str], ...]


def problems_of(model: type[BaseModel], data: Mapping[str, Any], error: ValidationError) -> list[Problem]:
    """Every mistake once, without the values themselves (they may be secrets)."""
    mistakes = [_place(model, found) for found in error.errors(include_url=False)]
    told = _without_wrong_members(mistakes)
    problems = [_problem(mistake, data) for mistake in told]
    problems.extend(_merged_unions(mistakes, data))
    return _without_misspelt_missing(problems, told)


def _place(model: type[BaseModel], error: ErrorDetails) -> _Mistake:
    """Follow the error's location through the types: pydantic mixes union members into it, which are not keys."""
    annotation: Any = model
    holder: Any = model
    path: KeyPath = ()
    choices: tuple[tuple[KeyPath, str], ...] = ()
    for part in error["loc"]:
        members = _members(annotation)
        if len(members) > 1:
            choices = (*choices, (path, str(part)))
            annotation = _member(members, str(part))
            continue
        if part == "[key]":
            continue
        holder = members[0]
        annotation = _inside(holder, part)
        path = (*path, part)
    return _Mistake(error, path, holder, choices)


def _members(annotation: Any) -> tuple[Any, ...]:
    """The members of a union, without None; otherwise the annotation itself."""
    if get_origin(annotation) is Annotated:
        return _members(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return tuple(inner for member in get_args(annotation) if member is not type(None) for inner in _members(member))
    return (annotation,)


def _member(members: Sequence[Any], label: str) -> Any:
    """The member that pydantic calls `label`: a class name, a discriminating value, or a type such as `list[str]`."""
    for member in members:
        if _is_model(member):
            literals = (
                get_args(f.annotation) for f in member.model_fields.values() if get_origin(f.annotation) is Literal
            )
            if member.__name__ == label or any(label in values for values in literals):
                return member
        elif label.split("[")[0] == getattr(get_origin(member) or member, "__name__", ""):
            return member
    return Any


def _inside(annotation: Any, part: str | int) -> Any:
    if _is_model(annotation):
        field = annotation.model_fields.get(part)
        return Any if field is None else field.annotation
    arguments = get_args(annotation)
    return arguments[-1] if arguments and get_origin(annotation) in (dict, list) else Any


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _without_wrong_members(mistakes: Sequence[_Mistake]) -> list[_Mistake]:
    """Drop what is said by union members that the value was not meant for: those that reject its very shape."""
    return [mistake for mistake in mistakes if not any(mistake.path == place for place, _ in mistake.choices)]


def _merged_unions(mistakes: Sequence[_Mistake], data: Mapping[str, Any]) -> list[Problem]:
    """One problem for each value that fits no member of its union at all."""
    wanted: defaultdict[KeyPath, list[str]] = defaultdict(list)
    for mistake in mistakes:
        if any(mistake.path == place for place, _ in mistake.choices):
            wanted[mistake.path].append(_WANTED.get(mistake.error["type"], phrase("another kind of value")))
    deeper = {mistake.path[:length] for mistake in mistakes for length in range(len(mistake.path))}
    return [
        Problem(place, phrase("must be {wanted}, not {seen}", wanted=_either(kinds), seen=_kind(_value(data, place))))
        for place, kinds in wanted.items()
        if place not in deeper
    ]


def _either(kinds: Sequence[str]) -> str:
    """One kind or another, each of them once."""
    first, *others = dict.fromkeys(kinds)
    for each in others:
        first = phrase("{first} or {second}", first=first, second=each)
    return first


def _without_misspelt_missing(problems: Sequence[Problem], told: Sequence[_Mistake]) -> list[Problem]:
    """A misspelt key is one mistake, not an unknown key and a missing one."""
    meant = {
        (*mistake.path[:-1], name)
        for mistake, problem in zip(told, problems, strict=False)
        if mistake.error["type"] == "extra_forbidden"
        for name in re.findall(r"^Did you mean `(.+)`\?$", problem.hint)
    }
    missing = {mistake.path for mistake in told if mistake.error["type"] == "missing"}
    return [problem for problem in problems if problem.path not in meant & missing]


def _problem(mistake: _Mistake, data: Mapping[str, Any]) -> Problem:
    error, path = mistake.error, mistake.path
    kind, context = error["type"], error.get("ctx", {})
    if kind == "extra_forbidden":
        return Problem(path, phrase("unknown key"), suggestion(str(path[-1]), _keys(mistake.holder)))
    if kind == "missing":
        return Problem(path, phrase("is missing"))
    if kind == "union_tag_not_found":
        return Problem((*path, context["discriminator"].strip("'")), phrase("is missing"))
    if kind == "union_tag_invalid":
        return _not_listed((*path, context["discriminator"].strip("'")), context["tag"], context["expected_tags"])
    if kind in {"literal_error", "enum"}:
        return _not_listed(path, _value(data, path), context["expected"])
    if kind in _WANTED:
        return Problem(
            path, phrase("must be {wanted}, not {seen}", wanted=_WANTED[kind], seen=_kind(_value(data, path)))
        )
    if kind in _LIMITS:
        return Problem(path, _LIMITS[kind].format_map(context))
    if kind == "value_error":
        return Problem(path, str(context["error"]))
    return Problem(path, error["msg"].removeprefix("Input ").replace("should ", "must ", 1))


def _keys(holder: Any) -> list[str]:
    return [field.alias or name for name, field in holder.model_fields.items()] if _is_model(holder) else []


def _not_listed(path: KeyPath, value: Any, expected: str) -> Problem:
    if not isinstance(value, str):
        return Problem(path, phrase("must be {expected}", expected=expected))
    shown = value if len(value) <= 40 else f"{value[:40]}…"
    return Problem(
        path, phrase("unknown value {shown}", shown=repr(shown)), suggestion(value, re.findall(r"'([^']*)'", expected))
    )


def _value(data: Any, path: KeyPath) -> Any:
    for part in path:
        data = data[part]
    return data


def _kind(value: Any) -> str:
    """What kind of TOML value this is. The value itself may be a secret and is not shown."""
    kinds = {
        bool: phrase("true or false"),
        int: phrase("a number"),
        float: phrase("a number"),
        str: phrase("text"),
        list: phrase("an array"),
        dict: phrase("a table"),
    }
    return kinds.get(type(value), phrase("this"))
