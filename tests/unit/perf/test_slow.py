from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from tests.perf.slow import write_slow_renderer

if TYPE_CHECKING:
    from pathlib import Path

QUESTION = "from belvedere.rendering.registry import find_renderer; print(find_renderer('sqlite').name)"


def test_a_renderer_in_a_folder_of_the_import_path_is_found_by_its_entry_point(tmp_path: Path) -> None:
    write_slow_renderer(tmp_path)

    answer = subprocess.run(
        [sys.executable, "-c", QUESTION], env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=True
    )

    assert answer.stdout.strip() == "bench.slow"
