"""What an artifact is: its bytes decide, then its name, then its content type. A wrong extension fools nobody."""

from __future__ import annotations

import json
import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from belvedere.rendering.archives.tarballs import is_tar_header
from belvedere.rendering.archives.zip_kinds import zip_kind
from belvedere.rendering.models.mlflow_layout import is_model_file, run_folder
from belvedere.rendering.models.signatures import is_safetensors, model_kind_of_bytes, model_kind_of_text
from belvedere.rendering.signatures import label_of, signature_of
from belvedere.rendering.tables.json_tables import begins_like_table, is_json_lines, is_table
from belvedere.rendering.tables.shapes import shape_of
from belvedere.rendering.tables.signatures import is_table_file
from belvedere.rendering.texts.json_kinds import first_lines, is_progress, kind_of_beginning, kind_of_object
from belvedere.rendering.texts.json_outline import kind_of, outline_of, outline_of_text
from belvedere.rendering.texts.plaintext import decode, is_binary

if TYPE_CHECKING:
    from belvedere.model.rendering import Source

HEAD_BYTES = 64 * 1024
JSON_READ_BYTES = 256 * 1024
MOST_COMMENTS = 1000
USER_SCRIPT_SUFFIX = ".viz.py"
UI_METADATA_NAME = "mlpipeline-ui-metadata"
UI_METADATA_TYPES = frozenset({"confusion_matrix", "roc", "table", "markdown", "web-app", "tensorboard", "python"})

ROOT_TAG = re.compile(r"<(?:\w{1,20}:)?([a-z][a-z0-9.-]{0,40})(?=[\s>/])", re.IGNORECASE)
HTML_ROOTS = frozenset({"html", "head", "body"})
HTML_PARTS = frozenset(
    (
        "div",
        "table",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "p",
        "style",
        "script",
        "span",
        "section",
        "img",
        "iframe",
        "form",
        "meta",
        "title",
        "ul",
        "ol",
        "a",
        "article",
        "main",
        "header",
        "link",
        "b",
        "br",
        "center",
        "pre",
    )
)
OUTPUTS_START = re.compile(r'\s*\{\s*"outputs"\s*:\s*\[\s*(?:\{\s*"|\])')
MARKDOWN_MARK = re.compile(
    r"(?m)^(?:#{1,6} \S|[-*+] \[[ xX]\] |```|\|(?: *:?-+:? *\|)+ *$|> )|\[[^\]\[\n]{1,200}\]\([^)\n]{1,300}\)"
)
PROGRESS_MARK = re.compile(
    r"\b(?:epoch|step|iter(?:ation)?|batch|fold|trial|round)\s{0,9}[:=#]?\s{0,9}\[?\d|\d{1,3}(?:\.\d+)?\s?%|\b\d+\s?/\s?\d+\b",
    re.IGNORECASE,
)
PROGRESS_HEADER = re.compile(r"\s*(?:iter|epoch|step)\b.*(?:loss|remaining|time|metric|score)", re.IGNORECASE)

# fmt: off
IMAGE_EXTENSIONS = (
    "png", "apng", "jpg", "jpeg", "gif", "webp", "bmp", "dib", "tif", "tiff", "avif", "svg",
    "ico", "jp2", "j2k", "jpx", "heic", "heif", "ppm", "pgm", "pbm", "pnm", "pfm",
)
# fmt: on
IMAGE_NAMES_WITHOUT_SIGNATURE = frozenset({"tga", "icb", "vda", "vst"})
AUDIO_EXTENSIONS = ("wav", "mp3", "flac", "ogg", "oga", "opus", "m4a", "aac")
VIDEO_EXTENSIONS = ("mp4", "m4v", "webm", "mov", "avi", "mkv", "ogv")
EXTENSIONS: dict[str, frozenset[str]] = {
    **dict.fromkeys(("csv", "tsv", "psv", "tab"), frozenset({"table", "confusion_matrix", "roc"})),
    **dict.fromkeys(("md", "markdown", "mdx"), frozenset({"markdown", "text", "progress"})),
    **dict.fromkeys(IMAGE_EXTENSIONS, frozenset({"image", "heif", "mlflow_image"})),
    **dict.fromkeys(AUDIO_EXTENSIONS, frozenset({"audio", "video"})),
    **dict.fromkeys(VIDEO_EXTENSIONS, frozenset({"video", "audio"})),
    "geojson": frozenset({"geojson"}),
    "topojson": frozenset({"topojson"}),
    **dict.fromkeys(("html", "htm", "xhtml"), frozenset({"html"})),
    **dict.fromkeys(
        ("json", "ipynb"),
        frozenset(
            {
                "json",
                "kfp_ui_metadata",
                "kfp_metrics",
                "metrics",
                "vega_lite",
                "plotly",
                "notebook",
                "coco",
                "geojson",
                "topojson",
                "table",
                "progress",
                "progress_lines",
                "vega",
                "kfp_classification_metrics",
                "kfp_sliced_metrics",
                "kfp_executor_output",
            }
        ),
    ),
    **dict.fromkeys(
        ("parquet", "arrow", "feather", "xlsx", "xlsm", "xlsb", "xls", "ods"), frozenset({"table", "xlsx"})
    ),
    **dict.fromkeys(("jsonl", "ndjson"), frozenset({"table", "progress", "progress_lines", "metrics", "json"})),
    **dict.fromkeys(("npy", "npz"), frozenset({"numpy", "npz"})),
    "pdf": frozenset({"pdf"}),
    "onnx": frozenset({"onnx"}),
}
# fmt: off
PLAIN_TEXT_EXTENSIONS = frozenset({"txt", "text", "log", "out", "err", "rst"})
CODE_EXTENSIONS = frozenset((
    "py", "pyi", "pyx", "r", "jl", "scala", "java", "kt", "go", "rs", "c", "h", "cc", "cpp", "hpp", "cu", "cuh", "cs",
    "js", "mjs", "ts", "tsx", "jsx", "vue", "css", "scss", "rb", "pl", "php", "lua", "swift", "m", "sh", "bash", "zsh",
    "fish", "ps1", "bat", "sql", "toml", "ini", "cfg", "conf", "properties", "env", "tf", "hcl", "proto", "graphql",
    "jinja", "jinja2", "j2", "tex", "diff", "patch", "dockerfile", "mk", "cmake", "gradle", "nix", "vim",
))
# fmt: on
CODE_NAMES = frozenset({"Dockerfile", "Makefile", "Jenkinsfile", "Containerfile", "CMakeLists.txt"})
YAML_EXTENSIONS = frozenset({"yaml", "yml"})
JSON_LINES_EXTENSIONS = frozenset({"jsonl", "ndjson"})
DATA_TEXT_EXTENSIONS = frozenset({"txt", "text"})
TABLE_MEDIA_TYPES = frozenset({"text/csv", "text/tab-separated-values", "application/csv"})
MARKDOWN_MEDIA_TYPES = frozenset({"text/markdown", "text/x-markdown"})


def extension_of(key: str) -> str:
    """Return the extension of a key in lower case, without its dot."""
    return PurePosixPath(key).suffix.lower().removeprefix(".")


def detect(source: Source) -> str:
    """Return the kind of ``source``: one that a renderer takes, or one that at least says what it is.

    Reads a head only (of JSON up to 256 kB), never runs anything, and raises nothing but OSError.
    """
    head = source.head(HEAD_BYTES)
    if not head:
        return "empty"
    if is_table_file(head, source.key):
        return "table"
    signature = signature_of(head)
    if signature is not None:
        return _signed_kind(source, signature.kind, head)
    extension = extension_of(source.key)
    if is_binary(head):
        return model_kind_of_bytes(head, source.key) or _binary_kind(head, extension)
    text = decode(head, whole=len(head) == source.size).text
    if source.key.endswith(USER_SCRIPT_SUFFIX) and text.strip():
        return "viz_script"
    if is_model_file(source.key) and text.strip():
        return "mlflow"
    return model_kind_of_text(text[:256]) or _text_kind(source, text, extension, whole=len(head) == source.size)


def _signed_kind(source: Source, kind: str, head: bytes) -> str:
    if kind == "zip":
        return zip_kind(source.path)
    if kind == "pickle" and is_safetensors(head):
        return "safetensors"
    return "mlflow_image" if kind == "image" and run_folder(source.key) else kind


def _binary_kind(head: bytes, extension: str) -> str:
    if extension == "onnx" or (head[:1] == b"\x08" and head[2:3] == b"\x12" and b"onnx" in head[:64].lower()):
        return "onnx"
    if b"\n%PDF-" in head[:1024]:
        return "pdf"
    if extension in IMAGE_NAMES_WITHOUT_SIGNATURE:
        return "image"
    if b"brain.Event:" in head[:64]:
        return "tensorboard"
    if is_tar_header(head):
        return "tar"
    return "binary"


def _text_kind(source: Source, text: str, extension: str, *, whole: bool) -> str:
    if not text.strip():
        return "empty"
    first = text.lstrip()[0]
    if first == "<":
        marked_up = _markup_kind(text, extension)
        if marked_up:
            return marked_up
    if first in "{[":
        kind = _json_kind(source, text)
        if kind:
            return kind
    if UI_METADATA_NAME in source.key.rpartition("/")[2]:
        return "kfp_ui_metadata"
    return _prose_or_table(source, text, extension, whole=whole)


def _markup_kind(text: str, extension: str) -> str | None:
    at, document_type = _after_prolog(text)
    found = ROOT_TAG.match(text, at)
    root = found.group(1).lower() if found else ""
    if root == "svg":
        return "image"
    if document_type.startswith("html") or root in HTML_ROOTS:
        return "html"
    if extension in EXTENSIONS_OF_MARKDOWN:
        return None
    if root in HTML_PARTS and not text.lstrip().startswith("<?xml"):
        return "html"
    if extension == "svg":
        return "image"
    return "xml" if root or at else None


def _after_prolog(text: str) -> tuple[int, str]:
    """Return where the first element begins, behind declarations and comments, and the document type's name."""
    at, document_type = _after_space(text, 0), ""
    for _ in range(MOST_COMMENTS):
        if text.startswith("<!--", at):
            end = text.find("-->", at) + 3
        elif text.startswith("<?", at):
            end = text.find("?>", at) + 2
        elif text[at : at + 9].lower() == "<!doctype":
            document_type = text[at + 9 : at + 60].strip().lower()
            end = _after_document_type(text, at)
        else:
            break
        if end <= at:
            break
        at = _after_space(text, end)
    return at, document_type


def _after_space(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _after_document_type(text: str, at: int) -> int:
    closing, subset = text.find(">", at), text.find("[", at)
    if 0 <= subset < closing:
        closing = text.find(">", text.find("]", subset))
    return closing + 1


def _json_kind(source: Source, text: str) -> str | None:
    if UI_METADATA_NAME in source.key.rpartition("/")[2]:
        return "kfp_ui_metadata"
    document = _parsed(source, text)
    if document is not None:
        return _parsed_kind(document, extension_of(source.key))
    if OUTPUTS_START.match(text) and any(f'"{kind}"' in text for kind in UI_METADATA_TYPES):
        return "kfp_ui_metadata"
    if extension_of(source.key) == "ipynb":
        return "notebook"
    if is_progress(first_lines(text)):
        return "progress_lines"
    if is_json_lines(text, whole=len(text) >= source.size):
        return "table"
    return _outlined_kind(source, text)


def _parsed_kind(document: Any, extension: str) -> str:
    if extension in JSON_LINES_EXTENSIONS and is_progress([document]):
        return "progress_lines"
    kind = _document_kind(document)
    return (kind_of(outline_of(document)) or ("table" if is_table(document) else kind)) if kind == "json" else kind


def _outlined_kind(source: Source, text: str) -> str | None:
    outline = outline_of_text(text)
    if "cell_type" in outline.elements.get("cells", ()):
        return "notebook"
    outlined = kind_of(outline) or kind_of_beginning(outline, text)
    if outlined is not None:
        return outlined
    if begins_like_table(text):
        return "table"
    return "json" if extension_of(source.key) == "json" or source.size > JSON_READ_BYTES else None


def _parsed(source: Source, text: str) -> Any:
    if source.size > JSON_READ_BYTES:
        return None
    try:
        return json.loads(text if source.size <= HEAD_BYTES else decode(source.head(JSON_READ_BYTES)).text)
    except (ValueError, RecursionError):
        return None


def _document_kind(document: Any) -> str:
    if not isinstance(document, dict):
        return "json"
    outputs = document.get("outputs")
    if isinstance(outputs, list) and any(
        isinstance(part, dict) and part.get("type") in UI_METADATA_TYPES for part in outputs if _has_word_type(part)
    ):
        return "kfp_ui_metadata"
    for kind, fields in FIELDS_OF_DOCUMENTS:
        if fields <= document.keys():
            return kind
    return kind_of_object(document) or "json"


def _has_word_type(part: Any) -> bool:
    return isinstance(part, dict) and isinstance(part.get("type"), str)


FIELDS_OF_DOCUMENTS = (
    ("notebook", frozenset({"cells", "nbformat"})),
    ("notebook", frozenset({"worksheets", "nbformat"})),
    ("coco", frozenset({"images", "annotations", "categories"})),
)
EXTENSIONS_OF_MARKDOWN = frozenset({"md", "markdown", "mdx"})


def _prose_or_table(source: Source, text: str, extension: str, *, whole: bool) -> str:
    media_type = source.content_type.partition(";")[0].strip().lower()
    name = source.key.rpartition("/")[2]
    if extension in EXTENSIONS_OF_MARKDOWN or (media_type in MARKDOWN_MEDIA_TYPES and extension not in EXTENSIONS):
        return "markdown"
    written = _written_kind(text, extension, name)
    if written:
        return written
    shape = shape_of(text, whole=whole, name=name)
    if shape in {"roc", "confusion_matrix"}:
        return shape
    if extension in EXTENSIONS and "table" in EXTENSIONS[extension]:
        return "table"
    if extension not in PLAIN_TEXT_EXTENSIONS and media_type in TABLE_MEDIA_TYPES:
        return "table"
    if extension in PLAIN_TEXT_EXTENSIONS - DATA_TEXT_EXTENSIONS:
        return _prose(text)
    if shape == "table" and extension in DATA_TEXT_EXTENSIONS:
        return "table" if is_regular(text) else _prose(text)
    if extension in DATA_TEXT_EXTENSIONS:
        return _prose(text)
    if len(MARKDOWN_MARK.findall(text[:20000])) >= 2 or re.match(r"\s*# \S", text):
        return "markdown"
    return "table" if shape == "table" and is_regular(text) else _prose(text)


def _written_kind(text: str, extension: str, name: str) -> str | None:
    """Return the kind of what people write for machines: code, configuration."""
    if extension in CODE_EXTENSIONS or text.startswith("#!/") or name in CODE_NAMES:
        return "code"
    marked = text.startswith(("%YAML ", "---\n", "--- \n")) and extension not in {*EXTENSIONS, *PLAIN_TEXT_EXTENSIONS}
    return "yaml" if extension in YAML_EXTENSIONS or marked else None


def is_regular(text: str) -> bool:
    """Whether a text without a telling name is so regular that it must be a table.

    One comma a line is not enough: log lines have that in their times.
    """
    lines = [line for line in text.splitlines()[:50] if line.strip()][:-1] or text.splitlines()[:1]
    for delimiter in ("\t", ",", ";", "|"):
        counts = {line.count(delimiter) for line in lines}
        if len(lines) >= 2 and len(counts) == 1 and min(counts) >= (1 if delimiter == "\t" else 2):
            return True
    return False


def _prose(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    if lines and PROGRESS_HEADER.match(lines[0]):
        return "progress"
    tail = lines[-20:]
    marked = sum(1 for line in tail if PROGRESS_MARK.search(line))
    return "progress" if tail and marked >= max(1, 0.5 * len(tail)) and _looks_iterating(text) else "text"


def _looks_iterating(text: str) -> bool:
    return (
        len(
            set(
                re.findall(
                    r"\d+(?:\.\d+)?\s?%|\b\d+\s?/\s?\d+\b|(?i:(?:epoch|step|iter\w*|batch|round|trial)\W{0,3}\d+)",
                    text[-4000:],
                )
            )
        )
        >= 2
    )


def mismatch(source: Source, kind: str) -> str | None:
    """Return a sentence where the name promises another kind than the bytes hold, None where they agree."""
    extension = extension_of(source.key)
    promised = EXTENSIONS.get(extension)
    if promised is None or kind in promised or kind == "empty":
        return None
    label = label_of(kind, source.head(512))
    return f"The name ends in .{extension}, but the bytes are not that: shown as what they are ({label})."
