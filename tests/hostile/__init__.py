"""Bytes that attack, each with the advisory it comes from, and what must not come of them."""
