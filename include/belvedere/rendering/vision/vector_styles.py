"""Style sheets and attributes of a stranger's SVG: what points outside, runs for ever, or costs without bound goes."""

from __future__ import annotations

import base64
import binascii
import io
import re

OUTSIDE = re.compile(r"url\(\s*(['\"]?)(?!#|['\"]?#)[^)]*\)?", re.IGNORECASE)
INSIDE = re.compile(r"url\(\s*['\"]?#([^'\")\s]{1,200})")
AT_RULES = re.compile(r"@(?:import|charset|namespace)[^;}]*;?|@font-face\s*\{[^}]*\}?", re.IGNORECASE)
RESTLESS = re.compile(
    r"(?:-webkit-|-moz-)?(?:animation|transition|will-change)[a-z-]*\s*:[^;}]*;?"
    r"|(?:backdrop-)?filter\s*:\s*(?!url\(\s*['\"]?#|none)[^;}]*;?",
    re.IGNORECASE,
)
DANGER = re.compile(
    r"@(?:import|font-face|charset|namespace)|expression\s{0,9}\(|-moz-binding|behavior\s{0,9}:|\\", re.IGNORECASE
)
PICTURE = re.compile(r"\s*data:image/(?:png|jpeg|gif|webp);base64,([A-Za-z0-9+/=\s]*)", re.IGNORECASE)
NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
# how much a filter may ask of a browser: beyond these each pixel costs thousands of others
MOST_OF = {
    "numOctaves": 8.0, "stdDeviation": 200.0, "radius": 60.0, "order": 12.0, "scale": 2000.0, "surfaceScale": 1000.0,
}  # fmt: skip
LARGEST_REGION = 20_000.0
EMBEDDED_PIXELS = 40_000_000


def cleaned_style(text: str) -> str:
    """Return a style sheet, or one declaration list, without what it may not do."""
    kept = RESTLESS.sub("", AT_RULES.sub("", text))
    return "" if DANGER.search(kept) else OUTSIDE.sub("none", kept)


def inner_references(value: str) -> list[str]:
    """Return the ids that a value refers to by ``url(#id)``."""
    return INSIDE.findall(value) if "url(" in value else []


def is_excessive(element: str, name: str, value: str) -> bool:
    """Whether a filter's attribute asks for more work than any drawing needs."""
    if element == "filter" and name in ("x", "y", "width", "height"):
        return _largest(value) > LARGEST_REGION
    return element.startswith("fe") and _largest(value) > MOST_OF.get(name, float("inf"))


def _largest(value: str) -> float:
    return max((abs(float(number)) for number in NUMBER.findall(value[:400])), default=0.0)


def pixels_of_embedded(address: str) -> int | None:
    """Return how many pixels an embedded picture has; None where it is no picture that may be embedded."""
    from PIL import Image, UnidentifiedImageError

    found = PICTURE.fullmatch(address)
    if found is None:
        return None
    try:
        content = base64.b64decode("".join(found.group(1).split()), validate=True)
        with Image.open(io.BytesIO(content), formats=("PNG", "JPEG", "GIF", "WEBP")) as picture:
            return picture.width * picture.height
    except (UnidentifiedImageError, binascii.Error, Image.DecompressionBombError, OSError, ValueError, SyntaxError):
        return None
