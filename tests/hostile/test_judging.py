"""The judge of the corpus condemns what attacks, however it is dressed, and lets our own pages pass."""

from __future__ import annotations

import json

import pytest

from tests.hostile.judging import wrong_in_chart, wrong_in_html, wrong_in_svg

SPACES = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'


@pytest.mark.parametrize(
    "markup",
    [
        "<script>1</script>",
        "<p onclick=1>",
        "<p ONclick='1'>",
        "<a href='java&#10;script:alert(1)'>x</a>",
        "<a href=' javascript:alert(1)'>x</a>",
        "<a href=/relative>x</a>",
        "<img src=//attacker.example/x.png>",
        "<img src=/x.png onerror=alert(1)>",
        "<svg onload=alert(1)>",
        "<svg><a xlink:href='javascript:alert(1)'><rect/></a></svg>",
        "<svg><image href=http://a.example/x></image></svg>",
        "<svg><animate attributeName=href values=javascript:alert(1)></svg>",
        "<iframe src=https://a.example></iframe>",
        "<iframe srcdoc=x sandbox='allow-scripts'></iframe>",
        "<object data=x></object>",
        "<embed src=x>",
        "<base href=//a.example>",
        "<form action=//a.example><button formaction=//b.example>",
        "<meta http-equiv=refresh content=0>",
        "<link rel=stylesheet href=//a.example/x.css>",
        "<style>@import '//a.example/x.css'</style>",
        "<style>p{background:url(//a.example)}</style>",
        "<p style='background:url(https://a.example)'>x</p>",
        "<video poster=//a.example/x.png></video>",
        "<math><mtext><style><!--</style><img src=x onerror=1>--></mtext></math>",
    ],
)
def test_what_runs_or_fetches_is_condemned(markup: str) -> None:
    assert wrong_in_html(f"<!doctype html><body>{markup}</body>".encode())


@pytest.mark.parametrize(
    "markup",
    [
        "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>",
        "<p title='onclick=1'>javascript:alert(1)</p>",
        "<a href='https://example.org' rel=noopener>x</a><a href='#part'>y</a>",
        "<img alt='' src='data:image/png;base64,iVBOR'>",
        "<style>@media (prefers-color-scheme: dark){p{fill:url(#shade)}}</style><details><summary>x</summary></details>",
        "<svg viewBox='0 0 9 9'><defs><linearGradient id='g'/></defs><rect fill='url(#g)'/><use href='#g'/></svg>",
    ],
)
def test_what_stands_still_passes(markup: str) -> None:
    assert wrong_in_html(f"<!doctype html><body>{markup}</body>".encode()) == []


def test_frames_belong_in_active_pages_only_and_have_no_origin() -> None:
    shut, open_ = "<iframe sandbox='allow-scripts' srcdoc='x'></iframe>", "<iframe srcdoc='x'></iframe>"
    wide = "<iframe sandbox='allow-scripts allow-same-origin' srcdoc='x'></iframe>"

    assert wrong_in_html(shut.encode(), active=True) == []
    assert wrong_in_html(shut.encode(), active=False)
    assert wrong_in_html(open_.encode(), active=True)
    assert wrong_in_html(wide.encode(), active=True)


@pytest.mark.parametrize(
    "inside",
    [
        "<script/>",
        "<rect onload='1'/>",
        "<foreignObject/>",
        "<image xlink:href='http://a.example/x'/>",
        "<a xlink:href='javascript:alert(1)'/>",
        "<style>rect{fill:url(//a.example)}</style>",
        "<use href='https://a.example/x.svg#y'/>",
        "<set attributeName='href' to='javascript:alert(1)'/>",
    ],
)
def test_drawings_that_run_or_fetch_are_condemned(inside: str) -> None:
    assert wrong_in_svg(f"<svg {SPACES}>{inside}</svg>".encode())
    assert wrong_in_svg(f"<!DOCTYPE svg [<!ENTITY a 'b'>]><svg {SPACES}/>".encode())
    assert wrong_in_svg(f"<svg {SPACES}><rect fill='url(#a)'/><use href='#a'/></svg>".encode()) == []


def test_charts_that_fetch_or_link_are_condemned() -> None:
    plain = {
        "data": {"values": [{"url": "x", "href": "y"}]},
        "mark": "bar",
        "params": [{"name": "z", "bind": "scales"}],
    }

    assert wrong_in_chart(json.dumps(plain).encode()) == []
    for change in (
        {"data": {"url": "http://a.example"}},
        {"usermeta": {}},
        {"encoding": {"href": {"value": "x"}}},
        {"layer": [{"data": {"url": "/x"}}]},
        {"params": [{"name": "z", "bind": {"element": "body"}}]},
    ):
        assert wrong_in_chart(json.dumps(plain | change).encode())
