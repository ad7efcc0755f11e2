"""One small specimen of each kind, rendered a few times by the process that later forks.

The interpreter adapts code while it runs and libraries prepare themselves at first use; what a forked child
finds done it need not do, nor copy the memory it would be written to. Measured: half of a small rendering's cost.
"""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

from belvedere.model.rendering import Limits, Source
from belvedere.rendering.isolation.inmate import render_here

TIMES = 8
TEXTS = {
    "confusion_matrix.csv": "target,predicted,count\na,a,5\na,b,1\nb,a,2\nb,b,7\n",
    "roc.csv": "fpr,tpr,threshold\n0,0,inf\n0.2,0.7,0.6\n0.5,0.9,0.4\n1,1,0.1\n",
    "table.csv": "name,size,day\n" + "".join(f"row {at},{at / 4},2026-01-{at + 1:02d}\n" for at in range(20)),
    "card.md": "# Card\n\nText **with** `code`, [a link](https://a.example).\n\n- one\n- two\n\n|a|b|\n|-|-|\n|1|2|",
    "train.log": "".join(f"epoch {at}/20 loss {1 / at:.4f}\n" for at in range(1, 12)),
    "report.html": "<!doctype html><title>Report</title><h1>Report</h1><p>words</p>",
    "drawing.svg": '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0L9 9"/><text>x</text></svg>',
    "mlpipeline-ui-metadata.json": '{"outputs":[{"type":"markdown","storage":"inline","source":"# Note"}]}',
}


def exercise() -> None:
    """Render all specimens. They are ours, so no isolation is needed."""
    with tempfile.TemporaryDirectory(prefix="belvedere-specimens-") as folder:
        sources = [_source(Path(folder), name, content) for name, content in _specimens().items()]
        limits = Limits()
        for _ in range(TIMES):
            for source in sources:
                render_here(source, limits)


def _specimens() -> dict[str, bytes]:
    from PIL import Image

    made = {name: text.encode() for name, text in TEXTS.items()}
    for suffix in ("png", "jpeg"):
        file = io.BytesIO()
        Image.linear_gradient("L").resize((64, 48)).convert("RGB").save(file, suffix)
        made[f"picture.{suffix}"] = file.getvalue()
    return made


def _source(folder: Path, name: str, content: bytes) -> Source:
    path = folder / name
    path.write_bytes(content)
    return Source("", name, "", "", "", len(content), path)
