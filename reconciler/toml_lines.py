"""Where a key of a TOML document is written. Loaded only to report a mistake."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator

import tree_sitter_toml
from tree_sitter import Language, Node, Parser

from reconciler.toml_file import KeyPath

_KEYS = {"bare_key", "quoted_key", "dotted_key"}


class Lines:
    """The first line, from 1, of every table, key and array element of a TOML text."""

    def __init__(self, text: str) -> None:
        self._lines: dict[KeyPath, int] = {(): 1}
        self._elements: dict[KeyPath, int] = {}
        tree = Parser(Language(tree_sitter_toml.language())).parse(text.encode())
        for node in tree.root_node.named_children:
            if node.type == "pair":
                self._read_pair(node, ())
            elif node.type in {"table", "table_array_element"}:
                self._read_table(node)

    def of(self, path: KeyPath) -> int:
        """The line of the key, or of the innermost table or array that is there when the key is not."""
        while path not in self._lines:
            path = path[:-1]
        return self._lines[path]

    def _read_table(self, table: Node) -> None:
        line = _line(table)
        key, *rest = table.named_children
        path: KeyPath = ()
        for part in _parts(key):
            path = (*self._in_last_element(path), part)
            self._lines.setdefault(path, line)
        if table.type == "table_array_element":
            position = self._elements.get(path, -1) + 1
            self._elements[path] = position
            path = (*path, position)
        # A header names its table better than an earlier `[parent.child]` that only implied it.
        self._lines[path] = line
        for node in rest:
            if node.type == "pair":
                self._read_pair(node, path)

    def _in_last_element(self, path: KeyPath) -> KeyPath:
        """A header below an array of tables speaks of its last element."""
        return (*path, self._elements[path]) if path in self._elements else path

    def _read_pair(self, pair: Node, path: KeyPath) -> None:
        key, *values = pair.named_children
        for part in _parts(key):
            path = (*path, part)
            self._lines.setdefault(path, _line(pair))
        for value in values:
            self._read_value(value, path)

    def _read_value(self, value: Node, path: KeyPath) -> None:
        if value.type == "inline_table":
            for node in value.named_children:
                if node.type == "pair":
                    self._read_pair(node, path)
        elif value.type == "array":
            elements = (node for node in value.named_children if node.type != "comment")
            for position, node in enumerate(elements):
                self._lines[*path, position] = _line(node)
                self._read_value(node, (*path, position))


def _line(node: Node) -> int:
    return int(node.start_point[0]) + 1


def _parts(key: Node) -> Iterator[str]:
    """The parts of a bare, quoted or dotted key, unescaped by the TOML reader itself."""
    if key.type not in _KEYS or key.text is None:
        return
    table = tomllib.loads(f"{key.text.decode()} = 0")
    while isinstance(table, dict):
        part, table = next(iter(table.items()))
        yield part
