"""How long a server asks to wait, in the forms servers write it."""

from __future__ import annotations

import time
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aig.core.retry_after import duration_s, retry_after_s


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7),
        ({"retry-after": " 0.25 "}, 0.25),
        ({"retry-after": "-3"}, 0),
        ({"retry-after": "1m30s"}, 90),
        ({"retry-after": "3", "retry-after-ms": "120"}, 0.12),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 -0000"}, 0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "1e999"}, None),
    ],
)
def test_every_form_is_read(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_s(headers) == seconds


def test_a_date_is_read_in_universal_time() -> None:
    for text in (formatdate(time.time() + 100, usegmt=True), formatdate(time.time() + 100)):
        assert retry_after_s({"retry-after": text}) == pytest.approx(100, abs=2)


@given(st.text())
def test_anything_else_is_no_wait_or_a_finite_one(text: str) -> None:
    seconds = retry_after_s({"retry-after": text})
    assert seconds is None or 0 <= seconds < float("inf")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("6m0s", 360), ("120ms", 0.12), ("7.66s", 7.66), ("1h2m3s", 3723), ("1d", 86400), ("", None), ("6", None)],
)
def test_durations_are_read(text: str, seconds: float | None) -> None:
    assert duration_s(text) == (pytest.approx(seconds) if seconds is not None else None)
