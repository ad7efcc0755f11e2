"""Models told by the first bytes of their files, where no magic number does it."""

from __future__ import annotations

import re

XGBOOST_TEXT = re.compile(r'\s*\{\s*(?:"version"\s*:\s*\[[\d,\s]{1,40}\]\s*,\s*)?"learner"\s*:\s*\{')
LIGHTGBM_TEXT = re.compile(r"tree\r?\nversion=v\d")
UBJSON_LEARNER = re.compile(rb"\{[iUIlL].{1,8}learner", re.DOTALL)
SAFETENSORS = re.compile(
    rb'\{\s*(?:"__metadata__"\s*:|"[^"]{1,1000}"\s*:\s*\{\s*"(?:dtype|shape|data_offsets)"|\}\s*$)'
)
LARGEST_HEADER = 100 * 1024**2
SAVED_MODEL = "saved_model.pb"


def model_kind_of_text(text: str) -> str | None:
    """Return the kind of a model that is written as text."""
    if LIGHTGBM_TEXT.match(text):
        return "lightgbm"
    return "xgboost" if XGBOOST_TEXT.match(text) else None


def model_kind_of_bytes(head: bytes, key: str) -> str | None:
    """Return the kind of a model that is written as bytes."""
    if UBJSON_LEARNER.match(head):
        return "xgboost"
    if is_safetensors(head):
        return "safetensors"
    return "saved_model" if key == SAVED_MODEL or key.endswith(f"/{SAVED_MODEL}") else None


def is_safetensors(head: bytes) -> bool:
    """Tell whether a file begins with the length of a header and then that header, as safetensors do."""
    return int.from_bytes(head[:8], "little") <= LARGEST_HEADER and SAFETENSORS.match(head, 8) is not None
