"""The end of ``make up``: the main job on real samples, then what a newcomer needs to know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from belvedere.errors import BelvedereError
from stack.errors import StepFailed
from stack.instance import ADMIN
from stack.progress import say, step
from stack.showcase.airflow_client import AirflowClient
from stack.showcase.provision import provision_storage, watch_artifacts
from stack.showcase.wall import Wall

if TYPE_CHECKING:
    from stack.instance import Instance
    from stack.showcase.wall import Showing


def welcome(instance: Instance) -> None:
    """Provision, watch, show the samples, print the way in.

    Raises:
        NotReady, StepFailed: a part of the main job does not work; the text says which.
    """
    say("The main job:")
    try:
        with AirflowClient(instance) as client:
            with step("provision_storage"):
                provision_storage(client)
            with step("watch_artifacts"):
                watch_artifacts(client)
            with step("samples"):
                showing = Wall(instance, client).show()
    except BelvedereError as error:
        raise StepFailed(f"the samples could not be shown: {error}") from error
    say("\n".join(["", *_way_in(instance, showing)]))
    if showing.unseen:
        lines = [f"  - {name}: {state}" for name, state in showing.unseen.items()]
        raise StepFailed("\n".join(["Samples without a picture:", *lines]))


def _way_in(instance: Instance, showing: Showing) -> list[str]:
    shown = len(showing.states) - len(showing.unseen)
    return [
        f"  Gallery    {instance.airflow_url}/belvedere/",
        f"  Login      {ADMIN} / {instance.secrets.airflow_admin_password}",
        f"  Pictures   {shown} of {len(showing.states)} samples on the wall; {_first(showing)}",
        "",
        "  Next       make status    a line a service",
        "             make env       addresses and keys, for your own S3 client: PUT a file into `mlpipeline`",
        "             make logs      what the services say",
        "             make down      stop everything (the data stays)",
    ]


def _first(showing: Showing) -> str:
    if showing.first_seconds is None:
        return "all were there already"
    return f"the first hung {showing.first_seconds:.2f} s after its upload"
