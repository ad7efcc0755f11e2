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

    loaded = ["belvedere.orchestration"] + [
        f"belvedere.orchestration.{name}" for name in ("links", "render_operator", "warming")
    ]
    assert done.stdout.splitlines()[-1] == repr(loaded)


def test_airflow_accepts_every_view_of_the_plugin() -> None:
    sys.path.insert(0, str(ROOT / "plugins"))
    try:
        from belvedere_plugin import BelvederePlugin
    finally:
        sys.path.pop(0)

    views = [ExternalViewResponse.model_validate(view) for view in BelvederePlugin.external_views]

    assert [(view.url_route, view.destination) for view in views] == [
        ("gallery", "nav"),
        ("gallery-upload", "nav"),
        ("gallery-tenants", "nav"),
        ("gallery-operations", "nav"),
        ("gallery-notifications", "nav"),
        ("artifacts-of-run", "dag_run"),
        ("artifacts-of-task", "task_instance"),
    ]
    assert [view.name for view in views if view.nav_top_level] == ["Gallery"]
    assert all(not view.href.startswith("/") for view in views), "an absolute address breaks below a path"


def test_a_task_links_to_the_pictures_of_its_run_by_a_relative_address_without_asking_anybody() -> None:
    from airflow.models.taskinstancekey import TaskInstanceKey

    from belvedere.orchestration.links import CardLink

    key = TaskInstanceKey("render_artifacts", "render", "manual__2026-01-01T00:00:00+00:00")

    link = CardLink().get_link(None, ti_key=key)  # type: ignore[arg-type]

    assert link == (
        "plugin/gallery/belvedere/dags/render_artifacts/runs/manual__2026-01-01T00%3A00%3A00%2B00%3A00?card=true"
    )
