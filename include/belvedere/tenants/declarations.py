"""Tenants' declarations as people hand them in: a JSON document, or a YAML file in a folder that git fills.

An error names the field, the value and the rule, and never stops the other tenants.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import ValidationError

from belvedere.errors import BelvedereError, ConfigurationError, TenantInvalid
from belvedere.model.tenant import TenantSpec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from pydantic_core import ErrorDetails

ENDINGS = (".yaml", ".yml")
MOST_BYTES = 256 * 1024
LONGEST_VALUE = 80
MOST_PROBLEMS = 10


@dataclass(frozen=True, slots=True)
class DeclaredFile:
    """A file of the folder: the tenant it declares, or what is wrong with it."""

    file: str
    spec: TenantSpec | None = None
    problem: BelvedereError | None = None


def read_document(document: Any) -> TenantSpec:
    """Read a declaration as JSON or YAML knows it.

    Raises:
        TenantInvalid: it breaks a rule; the message names each field, value and rule.
    """
    if not isinstance(document, dict):
        raise TenantInvalid(f"a tenant is an object with apiVersion, kind and name, not {_told(document)}")
    try:
        return TenantSpec.model_validate(document)
    except ValidationError as error:
        problems = [_problem(detail) for detail in error.errors()[:MOST_PROBLEMS]]
        raise TenantInvalid("; ".join(problems)) from None


def read_yaml(text: str) -> TenantSpec:
    """Read a declaration written in YAML.

    Raises:
        TenantInvalid: it is no YAML, holds several documents, or breaks a rule.
    """
    try:
        return read_document(yaml.safe_load(text))
    except yaml.YAMLError as error:
        where = getattr(error, "problem_mark", None)
        line = f" in line {where.line + 1}, column {where.column + 1}" if where else ""
        raise TenantInvalid(f"it is no YAML{line}: {getattr(error, 'problem', None) or 'it cannot be read'}") from None
    except RecursionError:
        raise TenantInvalid("it is nested too deeply") from None


def read_folder(folder: Path) -> tuple[DeclaredFile, ...]:
    """Read every tenant's file of a folder, by file name; a broken one is told, and the others go on.

    Raises:
        ConfigurationError: there is no such folder. (Taken for an empty one, every tenant would seem removed.)
    """
    if not folder.is_dir():
        raise ConfigurationError(f"BELVEDERE_TENANTS_FOLDER: there is no folder {folder}")
    found = [_read_file(file) for file in sorted(folder.iterdir()) if file.suffix in ENDINGS and file.is_file()]
    return tuple(_without_doubles(found))


def _read_file(file: Path) -> DeclaredFile:
    try:
        if file.stat().st_size > MOST_BYTES:
            raise TenantInvalid(f"it is larger than {MOST_BYTES:,} bytes")
        spec = read_yaml(file.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        return DeclaredFile(file.name, problem=TenantInvalid(f"{file.name}: it is not UTF-8"))
    except OSError as error:
        problem = TenantInvalid(f"{file.name}: it cannot be read ({type(error).__name__})")
        return DeclaredFile(file.name, problem=problem)
    except TenantInvalid as error:
        return DeclaredFile(file.name, problem=TenantInvalid(f"{file.name}: {error.message}"))
    return DeclaredFile(file.name, spec)


def _without_doubles(files: list[DeclaredFile]) -> Iterator[DeclaredFile]:
    """Let a tenant that two files declare be declared by neither."""
    by_name: dict[str, list[str]] = {}
    for each in files:
        if each.spec:
            by_name.setdefault(each.spec.name, []).append(each.file)
    for each in files:
        rivals = by_name.get(each.spec.name, []) if each.spec else []
        if len(rivals) > 1 and each.spec:
            said = f"{each.file}: tenant {each.spec.name} is declared by {' and '.join(rivals)}: keep one of them"
            yield DeclaredFile(each.file, problem=TenantInvalid(said))
        else:
            yield each


def _problem(detail: ErrorDetails) -> str:
    field = ".".join(str(part) for part in detail["loc"])
    rule = detail["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    if detail["type"] == "missing":
        return f"{field}: is missing"
    if detail["type"] == "extra_forbidden":
        return f"{field}: there is no such field"
    if isinstance(detail["input"], dict | list):
        return f"{field}: {rule}" if field else rule
    return f"{field}: {_told(detail['input'])}: {rule}"


def _told(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}..."


def schema() -> Mapping[str, Any]:
    """Return the JSON schema of declarations, for editors and for other programs."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | TenantSpec.model_json_schema(by_alias=True)
