"""Source code in colours: pygments tells the words apart, a short style of ours colours them, light and dark."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from belvedere.rendering.drawing.svg import escaped
from belvedere.rendering.texts.plaintext import clean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pygments.lexer import Lexer

MOST_HIGHLIGHTED, LONGEST_SECONDS = 200_000, 1.0
CODE_CSS = (
    ".k,.kn,.kd,.kr,.kt,.ow{color:#8250df}.kc,.m,.mi,.mf,.mh,.mo,.mb,.il{color:#0550ae}"
    ".s,.s1,.s2,.sa,.sb,.sc,.sd,.se,.sh,.si,.sr,.ss,.sx{color:#0a6640}.c,.c1,.ch,.cm,.cp,.cs,.cpf{color:#6e7781}"
    ".nf,.fm,.nc,.nx{color:#0550ae}.nb,.bp{color:#953800}.nt,.nd,.na{color:#116329}.err{color:inherit}"
    ".gd{color:#b91c1c}.gi{color:#15803d}.gh,.gu{color:#0550ae;font-weight:600}"
    "@media(prefers-color-scheme:dark){.k,.kn,.kd,.kr,.kt,.ow{color:#d2a8ff}.kc,.m,.mi,.mf,.mh,.mo,.mb,.il{color:#79c0ff}"
    ".s,.s1,.s2,.sa,.sb,.sc,.sd,.se,.sh,.si,.sr,.ss,.sx{color:#a5d6a7}.c,.c1,.ch,.cm,.cp,.cs,.cpf{color:#8b949e}"
    ".nf,.fm,.nc,.nx{color:#79c0ff}.nb,.bp{color:#ffa657}.nt,.nd,.na{color:#7ee787}.gd{color:#f87171}.gi{color:#4ade80}}"
)
# by name where it is known: pygments would load every lexer that may have written such a file to ask which it was
LANGUAGES = {
    **{
        name: name
        for name in ("sql", "toml", "java", "go", "css", "xml", "json", "yaml", "ini", "bash", "c", "lua", "php")
    },
    **{
        "py": "python",
        "pyi": "python",
        "sh": "bash",
        "env": "bash",
        "yml": "yaml",
        "js": "javascript",
        "mjs": "javascript",
    },
    **{"ts": "typescript", "rs": "rust", "cpp": "cpp", "cc": "cpp", "h": "c", "hpp": "cpp", "rb": "ruby", "pl": "perl"},
    **{"m": "matlab", "r": "splus", "jl": "julia", "conf": "ini", "cfg": "ini", "proto": "protobuf", "tf": "terraform"},
}
ALIASES = {"ipython3": "python", "ipython": "python", "ipython2": "python", "py": "python", "r": "splus"}


def highlighted(text: str, *, language: str = "", name: str = "") -> tuple[list[str], str]:
    """Return the lines of source code as HTML, and what the language is called (empty: it is not known).

    The language is found by its name (``language``), else by the file's ``name``. Code of more than 200 kB, and code
    in no known language, stays as it is.
    """
    text = clean(text)
    lexer = _lexer(text, language, name) if len(text) <= MOST_HIGHLIGHTED else None
    if lexer is None:
        return [escaped(line) for line in text.split("\n")], ""
    return _lines(text, lexer), str(lexer.name)


def _lexer(text: str, language: str, name: str) -> Lexer | None:
    from pygments.lexers import get_lexer_by_name, get_lexer_for_filename
    from pygments.util import ClassNotFound

    options = {"stripnl": False, "ensurenl": False}
    try:
        if language:
            return get_lexer_by_name(ALIASES.get(language.lower(), language.lower()), **options)
        by_extension = LANGUAGES.get(name.rpartition(".")[2].lower())
        if by_extension:
            return get_lexer_by_name(by_extension, **options)
        return get_lexer_for_filename(name, text[:4000], **options)
    except (ClassNotFound, ValueError):
        return _by_shebang(text, options)


def _by_shebang(text: str, options: dict[str, bool]) -> Lexer | None:
    from pygments.lexers import get_lexer_by_name

    first = text.partition("\n")[0]
    if not first.startswith("#!"):
        return None
    interpreter = next((word for word in ("python", "bash", "node", "perl", "ruby", "sh") if word in first), None)
    names = {"node": "javascript", "sh": "bash"}
    return get_lexer_by_name(names.get(interpreter, interpreter), **options) if interpreter else None


def _lines(text: str, lexer: Lexer) -> list[str]:
    from pygments.token import STANDARD_TYPES

    lines: list[str] = []
    current: list[str] = []
    for token, value in _tokens(text, lexer):
        css = STANDARD_TYPES.get(token, "")
        for at, piece in enumerate(value.split("\n")):
            if at:
                lines.append("".join(current))
                current = []
            if piece:
                current.append(f'<span class="{css}">{escaped(piece)}</span>' if _coloured(css) else escaped(piece))
    return [*lines, "".join(current)]


def _tokens(text: str, lexer: Lexer) -> Iterator[tuple[Any, str]]:
    """Yield the words of a text; where they take too long, which hostile text can bring about, the rest as one."""
    deadline = time.process_time() + LONGEST_SECONDS
    for at, token, value in lexer.get_tokens_unprocessed(text):
        if time.process_time() > deadline:
            yield None, text[at:]
            return
        yield token, value


def _coloured(css: str) -> bool:
    return css not in {"", "n", "p", "w", "o", "nn"}
