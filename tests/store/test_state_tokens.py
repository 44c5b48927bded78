"""Tokens that rotate are kept before they are used."""

from __future__ import annotations

import asyncio
from pathlib import Path

from reconciler.store.state.state import State


async def test_the_last_token_saved_is_loaded_even_after_opening_again(state_url: str, tmp_path: Path) -> None:
    async with State.open(state_url, tmp_path) as state:
        tokens = state.tokens("crm")
        assert await tokens.load("refresh") is None
        await tokens.save("refresh", "first")
        await tokens.save("refresh", "second")
    async with State.open(state_url, tmp_path) as state:
        assert await state.tokens("crm").load("refresh") == "second"


async def test_each_system_and_name_has_its_own(state: State) -> None:
    await state.tokens("crm").save("refresh", "of the crm")
    await state.tokens("erp").save("refresh", "of the erp")
    await state.tokens("erp").save("session", "another")
    assert await state.tokens("crm").load("refresh") == "of the crm"
    assert await state.tokens("erp").load("refresh") == "of the erp"
    assert await state.tokens("crm").load("session") is None


async def test_a_saved_token_is_visible_to_others_at_once(state: State, state_url: str, tmp_path: Path) -> None:
    async with State.open(state_url, tmp_path) as other:
        await state.tokens("crm").save("refresh", "rotated")
        assert await other.tokens("crm").load("refresh") == "rotated"


async def test_more_writers_than_connections_wait_for_each_other(state: State) -> None:
    stores = [state.tokens(f"system-{number}") for number in range(40)]
    await asyncio.gather(*(store.save("refresh", f"token-{number}") for number, store in enumerate(stores)))
    loaded = await asyncio.gather(*(store.load("refresh") for store in stores))
    assert loaded == [f"token-{number}" for number in range(40)]


async def test_writers_of_a_process_are_served_in_the_order_they_came(state: State) -> None:
    tokens = state.tokens("crm")
    await asyncio.gather(*(tokens.save("refresh", f"token-{number}") for number in range(40)))
    assert await tokens.load("refresh") == "token-39"
