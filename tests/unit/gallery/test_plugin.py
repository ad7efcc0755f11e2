from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from airflow.api_fastapi.core_api.datamodels.plugins import ExternalViewResponse

ROOT = Path(__file__).parents[3]
LOADED = """
import sys
sys.path.insert(0, "plugins")
import belvedere_plugin
print(sorted(name for name in sys.modules if name.startswith(("belvedere.", "fastapi"))))
"""


def test_importing_the_plugin_loads_neither_the_gallery_nor_fastapi() -> None:
    done = subprocess.run([sys.executable, "-c", LOADED], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1] == "['belvedere.orchestration', 'belvedere.orchestration.warming']"


def test_airflow_accepts_every_view_of_the_plugin() -> None:
    sys.path.insert(0, str(ROOT / "plugins"))
    try:
        from belvedere_plugin import BelvederePlugin
    finally:
        sys.path.pop(0)

    views = [ExternalViewResponse.model_validate(view) for view in BelvederePlugin.external_views]

    assert [(view.url_route, view.destination, view.nav_top_level) for view in views] == [("gallery", "nav", True)]
    assert all(not view.href.startswith("/") for view in views), "an absolute address breaks below a path"
