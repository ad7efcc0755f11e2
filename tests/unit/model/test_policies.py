"""Policies in one form."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from belvedere.model.policies import canonical_policy

READ = {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::models/*"]}
LIST = {"Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": ["arn:aws:s3:::models"]}
DENY = {"Effect": "Deny", "Action": ["admin:*"]}


def policy(*statements: dict[str, Any], **further: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements), **further}


@pytest.mark.parametrize(
    "other",
    [
        {"Statement": [LIST, READ], "Version": "2012-10-17"},
        policy(READ, LIST, READ),
        policy(READ | {"Action": "s3:GetObject"}, LIST | {"Resource": "arn:aws:s3:::models"}),
        policy(READ | {"Action": ["s3:GetObject", "s3:GetObject"]}, LIST),
        policy(READ | {"Sid": "", "Condition": {}, "NotResource": []}, LIST, ID=""),
    ],
    ids=["another order", "a double statement", "strings for lists", "a double action", "empty parts"],
)
def test_the_same_policy_has_one_text_however_it_is_written(other: dict[str, Any]) -> None:
    assert canonical_policy(other) == canonical_policy(policy(READ, LIST))


@pytest.mark.parametrize(
    "other",
    [
        policy(READ),
        policy(READ, LIST, DENY),
        policy(READ | {"Effect": "Deny"}, LIST),
        policy(READ | {"Action": ["s3:GetObject", "s3:PutObject"]}, LIST),
        policy(READ | {"Resource": ["arn:aws:s3:::*"]}, LIST),
        policy(READ | {"NotAction": READ["Action"], "Action": []}, LIST),
        policy(READ | {"Condition": {"StringEquals": {"s3:prefix": "a"}}}, LIST),
        policy(READ, LIST) | {"Version": "2008-10-17"},
    ],
    ids=["fewer", "more", "effect", "action", "resource", "all but this action", "condition", "version"],
)
def test_another_policy_has_another_text(other: dict[str, Any]) -> None:
    assert canonical_policy(other) != canonical_policy(policy(READ, LIST))


def test_one_statement_may_stand_without_a_list() -> None:
    assert canonical_policy({"Version": "2012-10-17", "Statement": READ}) == canonical_policy(policy(READ))


def test_values_of_conditions_are_compared_as_the_object_store_writes_them() -> None:
    ours = {"StringEquals": {"s3:prefix": ["b", "a"]}, "Bool": {"aws:SecureTransport": True}}
    theirs = {"Bool": {"aws:SecureTransport": ["true"]}, "StringEquals": {"s3:prefix": ["a", "b"]}}

    assert canonical_policy(policy(READ | {"Condition": ours})) == canonical_policy(
        policy(READ | {"Condition": theirs})
    )


words = st.lists(st.text(min_size=1, max_size=5), min_size=1, max_size=4)
statements = st.fixed_dictionaries({"Effect": st.sampled_from(["Allow", "Deny"]), "Action": words, "Resource": words})


@given(st.lists(statements, max_size=4).flatmap(lambda each: st.tuples(st.just(each), st.permutations(each))))
def test_the_text_is_itself_a_policy_of_the_same_text(
    orders: tuple[list[dict[str, Any]], list[dict[str, Any]]],
) -> None:
    one, other = (canonical_policy(policy(*each)) for each in orders)

    assert one == other
    assert canonical_policy(json.loads(one)) == one
