"""What the wall asks beside lists: groups, completions, saved views."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - pydantic reads annotations at run time

from pydantic import BaseModel, Field

from belvedere.gallery.responses import ArtifactResponse  # noqa: TC001


class GroupResponse(BaseModel):
    """Some artifacts that belong together, with the newest of them."""

    id: str = Field(description="Names the group among its like: a run in its bucket, a kind, a tenant, a day.")
    label: str = Field(description="What kind of group it is: `Kubeflow run`, `folder`, `kind`, `tenant`, `day`.")
    name: str
    tenant: str | None = Field(description="The tenant, where all artifacts of the group are of one.")
    query: dict[str, str] = Field(description="Parameters that narrow the same list to this group.")
    page: str = Field(description="Address of a page that shows the group alone.")
    count: int
    count_is_exact: bool = Field(description="False where counting stopped at `count`.")
    newest_at: datetime
    artifacts: list[ArtifactResponse]
    next_cursor: str | None = Field(description="Where the list of this group goes on.")


class GroupsResponse(BaseModel):
    """One page of groups; it may be empty and still have a `next_cursor`."""

    by: str
    groups: list[GroupResponse]
    next_cursor: str | None
    total: int = Field(description="How many artifacts there are in all groups.")
    total_is_exact: bool


class CompletionResponse(BaseModel):
    """One way to go on."""

    text: str = Field(description="What the term becomes.")
    label: str
    detail: str = ""


class CompletionsResponse(BaseModel):
    """How a search may go on."""

    completions: list[CompletionResponse]


class ViewRequest(BaseModel):
    """A view to keep."""

    name: str = Field(min_length=1, max_length=80)
    query: str = Field(max_length=2048, description="As in the wall's address, without the question mark.")
    tenant: str | None = Field(default=None, description="With whom to share it; null for nobody.")


class ViewResponse(BaseModel):
    """A kept query of the wall."""

    id: int
    name: str
    owner: str
    tenant: str | None
    query: str
    page: str = Field(description="Address of the wall that shows it.")
    mine: bool


class ViewsResponse(BaseModel):
    """One's own views and those shared within one's tenants."""

    views: list[ViewResponse]
