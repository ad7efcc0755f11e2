"""How pages look: Airflow's quiet surfaces, light and dark, figures of equal width."""

from __future__ import annotations

from belvedere.rendering.drawing.svg import FONT, MONOSPACE, SHAPES_CSS

_RULES = """
:root{
  color-scheme:light dark; --page:#fff; --ink:#1f2937; --muted:#64748b; --line:#e2e8f0; --card:#f8fafc;
  --accent:#017cee; --warn:#fffaf0; --warn-line:#ed8936; --warn-ink:#7b341e; --bad:#b91c1c;}
@media(prefers-color-scheme:dark){
  :root{
    --page:#111827; --ink:#e5e9f0; --muted:#94a3b8; --line:#334155; --card:#1a2436; --accent:#4da3ff;
    --warn:#2d2215; --warn-line:#dd6b20; --warn-ink:#fbd38d; --bad:#f87171;}
}
*{box-sizing:border-box}
html{background:var(--page)}
body{
  margin:0; padding:20px 24px 28px; font:14px/1.5 FONT_STACK; color:var(--ink); background:var(--page);
  font-variant-numeric:tabular-nums; overflow-wrap:anywhere;}
h1{font-size:18px;line-height:1.3;margin:0 0 2px;font-weight:650;letter-spacing:-.01em}
h2{font-size:15px;margin:26px 0 8px;font-weight:650}
h3{font-size:14px;margin:20px 0 6px}
p{margin:6px 0 12px}
.lead{color:var(--muted);margin:0 0 14px}
.figure{margin:12px 0 8px;overflow-x:auto}
.figure svg,.figure img{max-width:100%;height:auto;display:block}
.scroll{overflow:auto;max-width:100%;border:1px solid var(--line);border-radius:8px}
table{border-collapse:separate;border-spacing:0;font-size:13px;line-height:1.4}
.scroll table{min-width:100%}
th,td{padding:5px 12px;border-bottom:1px solid var(--line);text-align:left;vertical-align:top;max-width:420px}
th{font-weight:600;color:var(--muted);background:var(--card)}
thead th{position:sticky;top:0;white-space:nowrap}
tbody tr:last-child>*{border-bottom:0}
tbody tr:hover td{background:var(--card)}
td{overflow-wrap:normal}
td.w{min-width:320px;overflow-wrap:anywhere}
td.n,th.n,td.i{text-align:right;white-space:nowrap}
td.none{color:var(--muted);opacity:.7}
td.i{color:var(--muted);text-align:right;width:1%}
td.d{white-space:nowrap}
td svg{display:block}
dl{display:grid;grid-template-columns:max-content 1fr;gap:4px 18px;margin:8px 0}
dt{color:var(--muted)}
dd{margin:0}
.verdict{display:flex;flex-wrap:wrap;gap:10px 32px;margin:10px 0 6px}
.verdict div{min-width:72px}
.verdict b{display:block;font-size:24px;line-height:1.25;font-weight:650;letter-spacing:-.02em}
.verdict span{color:var(--muted);font-size:12.5px}
.note{
  border-left:3px solid var(--warn-line); background:var(--warn); color:var(--warn-ink); padding:7px 12px;
  border-radius:0 6px 6px 0; margin:8px 0; max-width:900px;}
pre,code,kbd,samp{font-family:MONOSPACE_STACK;font-size:12.5px}
pre{margin:0;line-height:1.5;white-space:pre;tab-size:8}
.text{overflow-x:auto;border:1px solid var(--line);border-radius:8px;padding:12px 14px;background:var(--card)}
.lined{display:flex;gap:14px;padding-left:10px}
.gutter{color:var(--muted);opacity:.75;text-align:right;user-select:none;flex:none}
.level{font-weight:600}
.level.error{color:var(--bad)}
.level.warning{color:var(--warn-ink)}
.found{list-style:none;margin:4px 0 12px;padding:0 0 0 4px}
.prose{max-width:860px;font-size:15px;line-height:1.65}
.prose h1{font-size:24px;margin:22px 0 10px}
.prose h2{font-size:19px;margin:26px 0 8px}
.prose h3{font-size:16px}
.prose pre{border:1px solid var(--line);border-radius:8px;padding:12px 14px;background:var(--card);overflow-x:auto}
.prose :not(pre)>code{background:var(--card);border:1px solid var(--line);border-radius:4px;padding:1px 5px}
.prose table{
  border:1px solid var(--line); border-radius:8px; margin:12px 0; display:block; overflow-x:auto;
  max-width:max-content;}
.prose blockquote{margin:12px 0;padding:2px 16px;border-left:3px solid var(--line);color:var(--muted)}
.prose img{max-width:100%}
.muted{color:var(--muted)}
.flag{color:var(--warn-ink);background:var(--warn);border-radius:4px;padding:0 6px;font-size:12.5px}
summary{cursor:pointer}
.tree,.tree ul{list-style:none;margin:0;padding:0}
.tree ul{margin-left:5px;padding-left:14px;border-left:1px solid var(--line)}
.tree summary{list-style-position:outside;margin-left:14px}
.files{border:1px solid var(--line);border-radius:8px;padding:8px 12px;margin:12px 0;font-size:13.5px}
.files .row{display:inline-flex;width:calc(100% - 4px);gap:14px;padding:2px 6px;border-radius:4px;vertical-align:top}
.files .row:hover{background:var(--card)}
.files .name{flex:1;min-width:0}
.files .row>span+span{color:var(--muted);white-space:nowrap;text-align:right;min-width:64px}
.files .row>span:last-child{min-width:118px}
details.member{border-top:1px solid var(--line);padding:12px 0 4px;margin-top:18px}
details.member>summary{font-size:15px;margin-bottom:8px}
.math{font-family:Georgia,'Times New Roman','DejaVu Serif',serif;font-style:italic;white-space:pre-wrap}
div.math{text-align:center;margin:12px 0}
.blocked{color:var(--muted);border:1px dashed var(--line);border-radius:6px;padding:2px 8px;font-size:13px}
.prose .contains-task-list{list-style:none;padding-left:4px}
a{color:var(--accent)}
hr{border:0;border-top:1px solid var(--line);margin:22px 0}
iframe{border:1px solid var(--line);border-radius:8px;width:100%;background:#fff}
section{margin:0 0 30px}
section .scroll{max-height:520px}
section+section{border-top:1px solid var(--line);padding-top:20px}
"""
PAGE_CSS = _RULES.replace("FONT_STACK", FONT).replace("MONOSPACE_STACK", MONOSPACE) + SHAPES_CSS
