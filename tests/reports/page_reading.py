"""Reading a page back as a tree, strictly: every element that is opened must be closed, in order."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

from reconciler.reports.html.page import html_chunks
from reconciler.reports.report import Explain, Report
from tests.reports.report_samples import explain as usual_explain

_VOID = {"meta", "input"}


@dataclass
class Node:
    """An element of the page."""

    name: str
    attributes: dict[str, str | None]
    children: list[Node | str] = field(default_factory=list)

    @property
    def words(self) -> str:
        """All text in it, spaces folded."""
        return " ".join("".join(self._pieces()).split())

    def _pieces(self) -> list[str]:
        return [piece for each in self.children for piece in ([each] if isinstance(each, str) else each._pieces())]

    def all(self, name: str, class_: str = "") -> list[Node]:
        """Every element below of that name (any for ""), and with that class if one is given."""
        found: list[Node] = []
        for child in self.children:
            if isinstance(child, Node):
                named = not name or child.name == name
                if named and (not class_ or class_ in (child.attributes.get("class") or "").split()):
                    found.append(child)
                found += child.all(name, class_)
        return found


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = Node("", {})
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, dict(attrs))
        self._open[-1].children.append(node)
        if tag not in _VOID:
            self._open.append(node)

    def handle_endtag(self, tag: str) -> None:
        assert self._open[-1].name == tag, f"</{tag}> closes <{self._open[-1].name}>"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)

    def finished(self) -> Node:
        """The page; every element that was opened must have been closed."""
        self.close()
        assert len(self._open) == 1
        return self.root


def parsed(markup: str) -> Node:
    """The tree of a page."""
    parser = _Parser()
    parser.feed(markup)
    return parser.finished()


async def markup_of(report: Report, *, rows: int = 500, explain: Explain = usual_explain) -> str:
    """The page of a report as text."""
    chunks = [chunk async for chunk in html_chunks(report, explain, rows_per_entity=rows)]
    return b"".join(chunks).decode("utf-8")


async def page_of(report: Report, *, rows: int = 500) -> Node:
    """The page of a report as a tree."""
    return parsed(await markup_of(report, rows=rows))
