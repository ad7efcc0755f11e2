"""Declarations of tenants are read, or refused with the field, the value and the rule."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from belvedere.errors import ConfigurationError, TenantInvalid
from belvedere.model.quantities import read_duration, read_size, write_duration, write_size
from belvedere.model.tenant import RESERVED_NAMES, TenantSpec
from belvedere.tenants.declarations import read_document, read_folder, read_yaml, schema

if TYPE_CHECKING:
    from pathlib import Path

SMALLEST = """
apiVersion: belvedere/v1
kind: Tenant
name: team-a
members: [{user: alice, role: member}, {user: carol, role: viewer}]
bucket: {versioning: true, quota: 10GiB}
keys: {rotate_every: 30d, grace: 24h}
mlflow: {enabled: true}
deletion: Retain
"""


def test_the_smallest_declaration_of_the_design_is_read_and_survives_being_written() -> None:
    spec = read_yaml(SMALLEST)

    assert spec.name == "team-a"
    assert spec.bucket.quota == 10 * 1024**3
    assert [user.name for user in spec.mlflow_users()] == ["team-a"]
    assert spec.artifact_root() == "s3://team-a/mlflow"
    assert read_document(json.loads(json.dumps(spec.document()))) == spec


def test_the_same_declaration_said_otherwise_has_the_same_digest() -> None:
    longer = SMALLEST.replace("24h", "1d").replace("10GiB", str(10 * 1024**3)) + "labels: {}\nadopt: false\n"

    assert read_yaml(longer).digest() == read_yaml(SMALLEST).digest()
    assert read_yaml(SMALLEST.replace("24h", "2d")).digest() != read_yaml(SMALLEST).digest()


@pytest.mark.parametrize(
    ("change", "field", "value", "rule"),
    [
        ({"name": "Team"}, "name", "'Team'", "lower-case"),
        ({"name": "ab"}, "name", "'ab'", "3 to 52"),
        ({"name": "a" * 53}, "name", "'aaa", "3 to 52"),
        ({"name": "a" * 63}, "name", "'aaa", "63 at most"),
        ({"name": "täam"}, "name", "'täam'", "lower-case"),
        ({"name": "team_a"}, "name", "'team_a'", "lower-case"),
        ({"name": "-team"}, "name", "'-team'", "hyphens"),
        ({"name": "team\n"}, "name", "'team\\n'", "lower-case"),
        ({"name": "kube-team"}, "name", "'kube-team'", "reserved"),
        ({"name": "team-renderings"}, "name", "'team-renderings'", "reserved"),
        ({"name": 7}, "name", "7", "string"),
        ({"members": [{"user": "a/b"}]}, "members.0.user", "'a/b'", "log in"),
        ({"members": [{"user": "*"}]}, "members.0.user", "'*'", "log in"),
        ({"members": [{"user": "eve", "role": "auditor"}]}, "members.0.role", "'auditor'", "member"),
        ({"members": [{"user": "eve"}, {"user": "eve"}]}, "members", "eve", "twice"),
        ({"bucket": {"quota": "ten"}}, "bucket.quota", "'ten'", "10GiB"),
        ({"bucket": {"quota": 0}}, "bucket.quota", "0", "10GiB"),
        ({"bucket": {"lifecycle": [{"id": "tmp"}]}}, "bucket.lifecycle.0", "", "does nothing"),
        ({"bucket": {"versioning": False, "object_lock": {"days": 1}}}, "bucket", "", "versioning: true"),
        ({"buckets": [{"name": "others-data"}]}, "buckets", "others-data", "begin with team-a-"),
        ({"keys": {"grace": "40d"}}, "keys", "", "shorter than rotate_every"),
        ({"keys": {"rotate_every": "3x"}}, "keys.rotate_every", "'3x'", "30d"),
        ({"keys": {"count": 9}}, "keys.count", "9", "5"),
        ({"mlflow": {"users": [{"name": "admin-bot"}]}}, "mlflow.users", "admin-bot", "begin with team-a-"),
        ({"renderers": {"limits": {"table": {"speed": 1}}}}, "renderers", "table.speed", "no limit"),
        ({"deletion": "Burn"}, "deletion", "'Burn'", "Retain"),
        ({"kubernetes": {"namespace": "x"}}, "kubernetes", "", "None"),
        ({"apiVersion": "belvedere/v2"}, "apiVersion", "'belvedere/v2'", "belvedere/v1"),
        ({"buket": {}}, "buket", "", "no such field"),
    ],
)
def test_a_broken_rule_is_told_with_field_value_and_rule(
    change: dict[str, object], field: str, value: str, rule: str
) -> None:
    with pytest.raises(TenantInvalid) as told:
        read_document({"name": "team-a"} | change)

    assert field in told.value.message
    assert value in told.value.message
    assert rule in told.value.message


def test_overlapping_filters_of_a_bucket_are_refused() -> None:
    overlapping = {"notifications": [{"prefix": "runs/"}, {"prefix": "runs/a/", "suffix": ".csv"}]}

    with pytest.raises(TenantInvalid, match="overlap"):
        read_document({"name": "team-a", "bucket": overlapping})
    apart = {"notifications": [{"prefix": "runs/"}, {"prefix": "data/", "suffix": ".csv"}]}
    assert len(read_document({"name": "team-a", "bucket": apart}).bucket.notifications) == 2


@pytest.mark.parametrize("name", sorted(RESERVED_NAMES))
def test_reserved_names_are_refused(name: str) -> None:
    with pytest.raises(TenantInvalid, match=r"reserved|3 to"):
        read_document({"name": name})


@pytest.mark.parametrize("text", ["", "- 1", "team-a", "a: [", "a: b: c", "!!python/object:os.system {}", "&a [*a]"])
def test_what_is_no_declaration_at_all_is_refused(text: str) -> None:
    with pytest.raises(TenantInvalid):
        read_yaml(text)


@given(st.text(max_size=70))
def test_every_accepted_name_is_valid_for_every_system(name: str) -> None:
    try:
        spec = read_document({"name": name})
    except TenantInvalid:
        return
    assert spec.name == name
    assert name.isascii()
    assert 3 <= len(name) <= 52
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert name[0] != "-" != name[-1]


@given(st.integers(min_value=0, max_value=10**9))
def test_durations_and_sizes_are_written_as_they_are_read(number: int) -> None:
    seconds = number % 10**6
    assert read_duration(write_duration(read_duration(f"{seconds}s"))).total_seconds() == seconds
    size = number % 10**8 + 1
    assert read_size(write_size(size)) == size


def test_a_broken_file_is_told_and_the_others_go_on(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("name: team-a\n")
    (tmp_path / "b.yaml").write_text("name: Team B\n")
    (tmp_path / "c.yml").write_text("name: [\n")
    (tmp_path / "d.yaml").write_bytes(b"name: \xff\xfe\n")
    (tmp_path / "notes.md").write_text("not a tenant")

    files = {each.file: each for each in read_folder(tmp_path)}

    assert list(files) == ["a.yaml", "b.yaml", "c.yml", "d.yaml"]
    assert files["a.yaml"].spec == TenantSpec(name="team-a")
    for name in ("b.yaml", "c.yml", "d.yaml"):
        problem = files[name].problem
        assert problem
        assert problem.message.startswith(f"{name}: ")


def test_a_tenant_that_two_files_declare_is_declared_by_neither(tmp_path: Path) -> None:
    for file in ("one.yaml", "two.yaml"):
        (tmp_path / file).write_text("name: team-a\n")
    (tmp_path / "three.yaml").write_text("name: team-b\n")

    files = {each.file: each for each in read_folder(tmp_path)}

    assert files["three.yaml"].spec
    for file in ("one.yaml", "two.yaml"):
        problem = files[file].problem
        assert problem
        assert "one.yaml and two.yaml" in problem.message


def test_a_missing_folder_is_no_empty_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="BELVEDERE_TENANTS_FOLDER"):
        read_folder(tmp_path / "nothing")


def test_the_schema_names_every_field_and_takes_nothing_else() -> None:
    told = schema()

    assert set(told["properties"]) >= {"apiVersion", "kind", "name", "members", "bucket", "keys", "mlflow", "deletion"}
    assert told["additionalProperties"] is False
    json.dumps(told)
