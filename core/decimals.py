"""Amounts of money as text."""

from __future__ import annotations

from decimal import Decimal

__all__ = ["format_decimal"]


def format_decimal(amount: Decimal) -> str:
    """A decimal number as text, without an exponent or zeros at its end."""
    text = format(amount, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
