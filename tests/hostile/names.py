"""Object keys that want to be markup, paths, headers or commands, on harmless bytes of many kinds."""

from __future__ import annotations

from tests.hostile.case import MARK, MARKUP, Case

KEYS = {
    "markup": f"runs/{MARKUP}/{MARKUP}",
    "attribute": 'runs/" onmouseover="alert(1)" x="',
    "single": "runs/' onmouseover='alert(1)' x='",
    "entity": "runs/&lt;script&gt;&#34;&amp;",
    "link": "javascript:alert(1)//",
    "parent": f"../../../../tmp/{MARK}",
    "encoded": "runs/%2e%2e%2f%00%0d%0aSet-Cookie:%20a=b",
    "newline": "runs/a\r\nContent-Type: text/html\r\n\r\n<script>1</script>",
    "bidi": "runs/\u202egpj.exe\u2066",
    "terminal": "runs/\x1b]0;x\x07\x1b[2J",
    "template": "runs/{{7*7}}${7*7}<%= 7*7 %>{%raw%}",
    "long": "r/" + "a" * 1000,
    "combining": "runs/" + "e\u0301\u200b\u00ad" * 60,
    "dots": "runs/...///../.",
    "format": "runs/%s%n%x{0.__class__}",
    "sql": "runs/'; drop table artifacts; --",
}
CONTENTS = {
    "csv": b"a,b\n1,2\n3,4\n",
    "md": b"# Note\n\n- words\n- more\n",
    "png": bytes.fromhex(
        "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000"
        "050001a5f645400000000049454e44ae426082"
    ),
    "html": b"<!doctype html><p>report</p>",
    "json": b'{"a": 1, "b": 0.5}',
    "bin": bytes(range(256)),
    "txt": b"some words\n",
}
NAMES = [
    Case(
        f"key_{word}_{ending}",
        "Argo GHSA-cv78-6m8q-ph82, KFP #12670, #12671",
        "a key becomes markup, a header, a path or a command",
        f"{key}.{ending}"[:1024],
        lambda content=content: content,
    )
    for word, key in KEYS.items()
    for ending, content in CONTENTS.items()
]
