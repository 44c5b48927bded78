"""What is known as a secret is masked for as long as the process lives, and never leaves a rest."""

from __future__ import annotations

from reconciler.logs import MASK, holds_secret, keep_out_of_logs, masked


def test_a_secret_that_begins_another_leaves_no_rest_of_it() -> None:
    for secret in ("b4d5-7700", "b4d5", "b4d5-7700-91ac"):
        keep_out_of_logs(secret)
    assert masked("key b4d5-7700-91ac, key b4d5-7700, key b4d5") == f"key {MASK}, key {MASK}, key {MASK}"


def test_tokens_that_follow_each_other_for_years_make_no_line_slow_and_hide_no_password() -> None:
    keep_out_of_logs("the-password")
    for number in range(2_000):
        keep_out_of_logs(f"token-{number:04}", passing=True)
        keep_out_of_logs("token-in-use", passing=True)
    assert masked("the-password token-1999 token-1600 token-in-use") == " ".join([MASK] * 4)
    assert not holds_secret("token-0000")


def test_tests_have_their_own_secrets() -> None:
    """Those of the tests before this one are words again."""
    assert not holds_secret("b4d5 the-password token-1999")
