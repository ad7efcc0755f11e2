"""Charts as data: expressions, addresses and sizes that a chart library would follow."""

from __future__ import annotations

import json
from typing import Any

from tests.hostile.case import MARKUP, Collection

CHARTS = Collection([])
VEGA = "Vega CVE-2025-59840, CVE-2025-25304, CVE-2025-26619, CVE-2025-27793"


def vega(**fields: Any) -> str:
    """Return a Vega-Lite chart with more or other fields."""
    plain = {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "data": {"values": [{"a": 1, "b": 2}, {"a": 2, "b": 1}]},
        "mark": "point",
        "encoding": {"x": {"field": "a", "type": "quantitative"}, "y": {"field": "b", "type": "quantitative"}},
    }
    return json.dumps(plain | fields)


GADGET = "toString({toString: constructor.constructor('alert(1)')})"
CHARTS.several(
    "vega",
    {
        "url": lambda: vega(data={"url": "http://169.254.169.254/latest/meta-data/"}),
        "file": lambda: vega(data={"url": "file:///etc/passwd", "format": {"type": "csv"}}),
        "relative": lambda: vega(data={"url": "/api/v2/dags"}),
        "store": lambda: vega(data={"url": "minio://another-tenant/secret.csv"}),
        "lookup": lambda: vega(
            transform=[{"lookup": "a", "from": {"data": {"url": "http://127.0.0.1:1/"}, "key": "a", "fields": ["b"]}}]
        ),
        "gadget": lambda: vega(transform=[{"calculate": GADGET, "as": "c"}]),
        "constructor": lambda: vega(
            transform=[{"calculate": "datum.constructor.constructor('alert(1)')()", "as": "c"}]
        ),
        "filter": lambda: vega(transform=[{"filter": f"event.view.setTimeout('alert(1)') || {GADGET}"}]),
        "signal": lambda: vega(params=[{"name": "p", "expr": GADGET, "bind": {"input": "range", "element": "body"}}]),
        "link": lambda: vega(
            encoding={"x": {"field": "a"}, "href": {"value": "javascript:alert(1)"}, "tooltip": {"value": MARKUP}}
        ),
        "image": lambda: vega(mark={"type": "image", "url": "https://attacker.example/x.png", "width": 9, "height": 9}),
        "embed_options": lambda: vega(
            usermeta={"embedOptions": {"config": "http://127.0.0.1:1/", "loader": {"target": "_top"}}}
        ),
        "editor": lambda: vega(
            usermeta={
                "embedOptions": {
                    "editorUrl": "https://attacker.example",
                    "actions": True,
                    "defaultStyle": "</style>" + MARKUP,
                }
            }
        ),
        "sequence": lambda: vega(data={"sequence": {"start": 0, "stop": 1e12}}),
        "density": lambda: vega(transform=[{"density": "a", "steps": 10**9, "extent": [0, 1e300]}]),
        "bins": lambda: vega(transform=[{"bin": {"step": 1e-300}, "field": "a", "as": "c"}]),
        "size": lambda: vega(width=10**9, height=10**9),
        "title": lambda: vega(title={"text": [MARKUP], "subtitle": MARKUP}, description=MARKUP),
        "fields": lambda: vega(
            data={"values": [{MARKUP: 1, "__proto__": {"x": 1}}]}, encoding={"x": {"field": MARKUP, "type": "nominal"}}
        ),
        "layers": lambda: vega(layer=[{"mark": "bar"}] * 20_000),
        "nested": lambda: (
            json.dumps({"$schema": "https://vega.github.io/schema/vega-lite/v6.json"})[:-1]
            + ',"hconcat":['
            + '{"vconcat":[' * 300
            + "]}" * 300
            + "]}"
        ),
        "rows": lambda: vega(data={"values": [{"a": n, "b": -n} for n in range(100_000)]}),
        "mark": lambda: vega(mark="constructor", encoding={"__proto__": {"field": "a"}}),
        "full_vega": lambda: json.dumps(
            {
                "$schema": "https://vega.github.io/schema/vega/v6.json",
                "signals": [{"name": "s", "init": GADGET, "on": [{"events": "timer", "update": GADGET}]}],
                "data": [{"name": "d", "url": "http://127.0.0.1/x.json"}],
                "marks": [],
            }
        ),
        "projection": lambda: vega(data={"graticule": {"step": [1e-6, 1e-6]}}, mark="geoshape"),
        "topojson": lambda: vega(
            data={"url": "https://attacker.example/w.json", "format": {"type": "topojson", "feature": "x"}}
        ),
        "regex": lambda: vega(
            transform=[{"calculate": "test(/^(a+)+$/, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!')", "as": "c"}]
        ),
    },
    "plots/chart.vl.json",
    VEGA,
    "a chart's expression runs script, or its data come from another server",
)


def plotly(layout: Any = None, **trace: Any) -> str:
    """Return a Plotly figure of one trace."""
    return json.dumps({"data": [{"type": "scatter", "x": [1, 2], "y": [2, 1]} | trace], "layout": layout or {}})


CHARTS.several(
    "plotly",
    {
        "link": lambda: plotly(
            {"title": {"text": '<a href="javascript:alert(1)">x</a>' + MARKUP}},
            name='<a href="javascript:alert(1)">y</a>',
        ),
        "image": lambda: plotly(
            {"images": [{"source": "https://attacker.example/x.png"}, {"source": "javascript:alert(1)"}]}
        ),
        "map": lambda: plotly(
            {"mapbox": {"style": "https://attacker.example/s", "accesstoken": "x"}},
            type="scattermapbox",
            lat=[1],
            lon=[1],
        ),
        "prototype": '{"data":[{"type":"bar","x":[1],"y":[1],"__proto__":{"p":1}}],"layout":{"__proto__":{"p":1}}}',
        "binary": lambda: plotly(y={"dtype": "f8", "bdata": "AAAA" * 1_000_000, "shape": "1000000000,1000000000"}),
        "wild_binary": lambda: plotly(y={"dtype": MARKUP, "bdata": "%%%", "shape": MARKUP}),
        "template": lambda: plotly(
            {"template": {"data": {"scatter": [{"hovertemplate": MARKUP}]}}}, hovertemplate=MARKUP, text=[MARKUP]
        ),
        "server": '{"data":[{"x":[1],"y":[1]}],"layout":{},"config":{"plotlyServerURL":"https://attacker.example","editable":true}}',
        "traces": lambda: json.dumps({"data": [{"type": "scatter", "x": [1], "y": [1]}] * 20_000, "layout": {}}),
        "points": lambda: plotly(x=list(range(500_000)), y=list(range(500_000))),
        "surface": lambda: json.dumps({"data": [{"type": "surface", "z": [[1.0] * 700] * 700}], "layout": {}}),
        "wrong_types": '{"data":[7,null,"x",{"type":{}},{"type":"pie","values":{"a":1},"labels":7}],"layout":[]}',
        "numbers": '{"data":[{"x":[1e999,NaN,"x"],"y":[1e308,null,[]]}],"layout":{"xaxis":{"range":[NaN,1e999]}}}',
        "frames": lambda: json.dumps(
            {"data": [{"x": [1], "y": [1]}], "layout": {}, "frames": [{"data": [{"x": [1]}]}] * 20_000}
        ),
        "colours": lambda: plotly(
            marker={"color": "url(https://attacker.example)", "size": 1e300}, line={"color": "red;background:url(//x)"}
        ),
    },
    "plots/chart.plotly.json",
    "Plotly CVE-2023-46308 (prototype pollution), links in labels",
    "a label's link runs script, a map or picture is fetched",
)
