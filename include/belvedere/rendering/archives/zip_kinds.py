"""Formats that are zip archives underneath, told apart by the names in their directory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from belvedere.rendering.archives.zips import names_in_zip

if TYPE_CHECKING:
    from pathlib import Path

MOST_NAMES = 2000


def zip_kind(path: Path) -> str:
    """Return the kind of a zip: one of the formats built on it, or ``zip``."""
    names = names_in_zip(path, MOST_NAMES)
    return _office_kind(frozenset(names)) or _model_kind(names) or _package_kind(names) or "zip"


def _office_kind(names: frozenset[str]) -> str | None:
    if "[Content_Types].xml" in names:
        if "xl/workbook.bin" in names or any(name.startswith("xl/") for name in names):
            return "xlsx"
        if any(name.startswith("word/") for name in names):
            return "docx"
        return "pptx" if any(name.startswith("ppt/") for name in names) else None
    if "mimetype" in names and "META-INF/manifest.xml" in names:
        return "opendocument"
    return "epub" if {"mimetype", "META-INF/container.xml"} <= names else None


def _model_kind(names: tuple[str, ...]) -> str | None:
    if names and all(name.endswith(".npy") for name in names):
        return "npz"
    if {"config.json", "metadata.json", "model.weights.h5"} <= set(names):
        return "keras"
    if any(name == "data.pkl" or (name.endswith("/data.pkl") and name.count("/") == 1) for name in names):
        return "pytorch"
    return "skops" if "schema.json" in names and _is_flat(names) else None


def _is_flat(names: tuple[str, ...]) -> bool:
    return all("/" not in name for name in names)


def _package_kind(names: tuple[str, ...]) -> str | None:
    if any(name.endswith(".dist-info/WHEEL") for name in names):
        return "wheel"
    return "jar" if "META-INF/MANIFEST.MF" in names else None
