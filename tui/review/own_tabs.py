"""Filters of one's own on the review screen: the one that is looked at gets a name, another name, or is forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reconciler.app.review.causes import SAVED, SavedFilter, counts_of
from reconciler.app.review.own_filters import LONGEST_NAME_CHARACTERS, OwnFilter
from reconciler.errors import ReconcilerError
from reconciler.store.state.records import FindingSummary
from tui.action import Action
from tui.actions import BY_ID
from tui.review.asking import AskedField, AskModal, Form
from tui.review.listing import ListingScreen
from tui.session import Session
from tui.widgets.confirm import Question

_SAVE = "review.save_filter"
_RENAME = "review.rename_filter"
_REMOVE = "review.remove_filter"


class OwnTabsScreen(ListingScreen):
    """The part of the review screen that keeps filters under names."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._own: tuple[OwnFilter, ...] = ()

    def filters(self) -> tuple[SavedFilter, ...]:
        """The usual ones, then those of this person that still name what there is."""
        return (*SAVED, *(saved for each in self._own if (saved := each.saved()) is not None))

    async def counts(self, summary: FindingSummary) -> dict[str, int]:
        """Findings of every tab. What groups of findings do not tell is counted in the store."""
        own = self.session.own_filters
        self._own = () if own is None else tuple(own.listed())
        found = counts_of(summary, self.filters())
        for each in self.filters():
            if each.filter.text is not None or each.filter.key is not None:
                found[each.name] = await self.session.workspace.state.findings.count(each.filter)
        return found

    def disabled_reason(self, action: Action) -> str | None:
        """A name needs something to be called by it."""
        if (reason := super().disabled_reason(action)) is not None:
            return reason
        if action.id in (_SAVE, _RENAME, _REMOVE) and self.session.own_filters is None:
            return self.texts("review.refusal.no_own_filters")
        if action.id in (_RENAME, _REMOVE) and self._here() is None:
            return self.texts("review.refusal.not_own")
        return None

    def _here(self) -> OwnFilter | None:
        """The one of this person that is looked at."""
        return next((each for each in self._own if each.name == self.view.tab.name), None)

    async def do_review_save_filter(self) -> None:
        """Give what is looked at a name."""
        here = self._here()
        name = await self._asked(_SAVE, "" if here is None else here.name)
        if name is None:
            return
        tab = self.view.tab.name if here is None else here.tab
        typed = " ".join(part for part in ("" if here is None else here.typed, self.view.typed) if part)
        own = self.session.own_filters
        if own is not None:
            own.save(OwnFilter(name=name, tab=tab, typed=typed))
        options = () if tab == SAVED[0].name else ("--tab", tab)
        self._done(_SAVE, name, "save", *options, "--", name, typed)

    async def do_review_rename_filter(self) -> None:
        """Another name."""
        here, own = self._here(), self.session.own_filters
        if here is None or own is None:
            return
        name = await self._asked(_RENAME, here.name)
        if name is not None:
            own.rename(here.name, name)
            self._done(_RENAME, name, "rename", "--", here.name, name)

    async def do_review_remove_filter(self) -> None:
        """Forget it, after a yes. No finding is changed."""
        here, own = self._here(), self.session.own_filters
        if here is None or own is None:
            return
        texts = self.texts
        facts = [texts("review.own.remove_means"), here.typed] if here.typed else [texts("review.own.remove_means")]
        title = texts("review.own.remove", name=here.name)
        if await self.house.confirmed(Question(title, facts, texts("action.review.remove_filter"))):
            own.remove(here.name)
            self._done(_REMOVE, None, "remove", "--", here.name)

    async def _asked(self, action_id: str, before: str) -> str | None:
        texts = self.texts
        form = Form(
            texts("review.own.title"),
            (texts("review.own.means"),),
            (AskedField(texts("review.own.name", most=LONGEST_NAME_CHARACTERS), before),),
            texts(BY_ID[action_id].text_id),
            lambda answers: None if answers[0].strip() else texts("review.own.name_needed"),
        )
        answers = await self.app.push_screen_wait(AskModal(form, texts))
        return None if answers is None else answers[0].strip()

    def _done(self, action_id: str, name: str | None, *words: str) -> None:
        """Note it, and look at the tab of that name, or where there is none any more at the first."""
        action = replace(BY_ID[action_id], command=("findings", "filters", *words))
        self.house.note(self.texts(action.text_id), self.session.command_line(action, {}))
        own = self.session.own_filters
        try:
            self._own = () if own is None else tuple(own.listed())
        except ReconcilerError:
            self._own = ()
        self.view.tab = next((each for each in self.filters() if each.name == name), SAVED[0])
        self.view.typed = ""
        self.view.opened = None
        self.load(quietly=True)

    def step_tab(self, tabs: Sequence[SavedFilter], step: int) -> SavedFilter:
        """The tab that many places on, round and round."""
        names = [each.name for each in tabs]
        here = names.index(self.view.tab.name) if self.view.tab.name in names else 0
        return tabs[(here + step) % len(tabs)]
