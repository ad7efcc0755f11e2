"""A process that answers for rows of tables: ``python -m belvedere.rendering.rows.desk``.

The gallery's server has threads, sockets and secrets, so it must not fork children for strangers' bytes itself. It
starts this process, which has none of these, is warm, and forks a shut-in child for each question.

Protocol: a question is one line of JSON on standard input, its answer eight bytes of length and a message of
``belvedere.rendering.isolation.channel`` on standard output. The end of standard input ends the process.
"""

from __future__ import annotations

import importlib
import json
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from belvedere.errors import BelvedereError, RendererCrashed
from belvedere.model.rendering import Limits, Source
from belvedere.rendering.isolation.channel import LENGTH, encode_error
from belvedere.rendering.isolation.guard import run_isolated
from belvedere.rendering.isolation.inmate import Strictness
from belvedere.rendering.rows.work import AnswerWork, CopyWork, query_from_json, table_from_json

if TYPE_CHECKING:
    from belvedere.rendering.isolation.inmate import Work

log = logging.getLogger(__name__)


def main() -> None:
    """Answer questions until standard input ends."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    importlib.import_module("duckdb")
    answers = sys.stdout.buffer
    for line in sys.stdin.buffer:
        message = _answered(json.loads(line))
        answers.write(LENGTH.pack(len(message)) + message)
        answers.flush()


def _answered(question: dict[str, Any]) -> bytes:
    try:
        path = Path(question["path"])
        source = Source("", question["name"], "", "", question["content_type"], path.stat().st_size, path)
        strictness: Strictness = question["strictness"] if question["strictness"] in get_args(Strictness) else "strict"
        workspace = Path(question["workspace"]) if question["workspace"] else None
        return run_isolated(
            _work_of(question), source, Limits(**question["limits"]), strictness=strictness, workspace=workspace
        )
    except BelvedereError as error:
        return encode_error(error)
    except OSError as error:
        log.exception("a question for rows could not be worked on")
        return encode_error(RendererCrashed(f"The question for rows could not be worked on: {error.strerror}."))


def _work_of(question: dict[str, Any]) -> Work:
    if question["work"] == "copy":
        return CopyWork()
    table = table_from_json(json.dumps(question["table"]))
    return AnswerWork(table, query_from_json(question["query"]), question["work"] == "csv")


if __name__ == "__main__":
    main()
