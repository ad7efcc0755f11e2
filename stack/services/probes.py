"""Questions that tell whether a server is up. None raises; none waits long."""

from __future__ import annotations

import json
import socket
import urllib.request
from typing import Any

from stack.ports import HOST

ANSWER_SECONDS = 3.0


def accepts(port: int) -> bool:
    """Tell whether somebody accepts connections on this loopback port."""
    try:
        with socket.create_connection((HOST, port), timeout=ANSWER_SECONDS):
            return True
    except OSError:
        return False


def answers(url: str) -> bool:
    """Tell whether an HTTP GET is answered with 200."""
    return _get(url) is not None


def answer_of(url: str) -> dict[str, Any]:
    """Return the JSON object that a GET brings, or an empty one."""
    try:
        found = json.loads(_get(url) or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _get(url: str) -> bytes | None:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(url, timeout=ANSWER_SECONDS) as response:
            return bytes(response.read()) if response.status == 200 else None
    except (OSError, ValueError):
        return None
