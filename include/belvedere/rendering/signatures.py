"""Binary formats by their first bytes: what we render, and what we can at least name."""

from __future__ import annotations

import re
from dataclasses import dataclass

from belvedere.rendering.recordings.mpeg_audio import mp3_frame


@dataclass(frozen=True, slots=True)
class Signature:
    """A format: our kind word, what people call it, its media type, and the bytes (at ``offset``) that tell it."""

    kind: str
    label: str
    media_type: str
    magic: bytes
    offset: int = 0

    def matches(self, head: bytes) -> bool:
        """Whether ``head`` begins like this format."""
        return head.startswith(self.magic, self.offset)


SIGNATURES = (
    Signature("image", "PNG image", "image/png", b"\x89PNG\r\n\x1a\n"),
    Signature("image", "JPEG image", "image/jpeg", b"\xff\xd8\xff"),
    Signature("image", "GIF image", "image/gif", b"GIF8"),
    Signature("image", "WebP image", "image/webp", b"WEBP", 8),
    Signature("image", "TIFF image", "image/tiff", b"II*\0"),
    Signature("image", "TIFF image", "image/tiff", b"MM\0*"),
    Signature("image", "BigTIFF image", "image/tiff", b"II+\0"),
    Signature("image", "AVIF image", "image/avif", b"ftypavif", 4),
    Signature("image", "AVIF image sequence", "image/avif", b"ftypavis", 4),
    Signature("heif", "HEIF image", "image/heic", b"ftyphei", 4),
    Signature("heif", "HEIF image", "image/heif", b"ftypmif1", 4),
    Signature("heif", "HEIF image", "image/heif", b"ftypmsf1", 4),
    Signature("heif", "HEIF image", "image/heic", b"ftyphev", 4),
    Signature("audio", "MPEG-4 sound", "audio/mp4", b"ftypM4A ", 4),
    Signature("audio", "MPEG-4 audio book", "audio/mp4", b"ftypM4B ", 4),
    Signature("video", "QuickTime video", "video/quicktime", b"ftypqt  ", 4),
    Signature("video", "MPEG-4 video", "video/mp4", b"ftyp", 4),
    Signature("video", "QuickTime video", "video/quicktime", b"moov", 4),
    Signature("image", "JPEG 2000 image", "image/jp2", b"\0\0\0\x0cjP  \r\n\x87\n"),
    Signature("image", "JPEG 2000 codestream", "image/jp2", b"\xff\x4f\xff\x51\0"),
    *(Signature("image", "Netpbm image", "image/x-portable-anymap", b"P%d" % at) for at in range(1, 7)),
    Signature("image", "Portable float map", "image/x-portable-floatmap", b"PF\n"),
    Signature("image", "Portable float map", "image/x-portable-floatmap", b"Pf\n"),
    Signature("psd", "Photoshop image", "image/vnd.adobe.photoshop", b"8BPS"),
    Signature("image", "Windows icon", "image/x-icon", b"\0\0\x01\0"),
    Signature("pdf", "PDF document", "application/pdf", b"%PDF-"),
    Signature("postscript", "PostScript document", "application/postscript", b"%!PS"),
    Signature("table", "Apache Parquet table", "application/vnd.apache.parquet", b"PAR1"),
    Signature("table", "Apache Arrow file", "application/vnd.apache.arrow.file", b"ARROW1"),
    Signature("avro", "Apache Avro table", "application/avro", b"Obj\x01"),
    Signature("orc", "Apache ORC table", "application/octet-stream", b"ORC"),
    Signature("hdf5", "HDF5 file", "application/x-hdf5", b"\x89HDF\r\n\x1a\n"),
    Signature("numpy", "NumPy array", "application/octet-stream", b"\x93NUMPY"),
    Signature("sqlite", "SQLite database", "application/vnd.sqlite3", b"SQLite format 3\0"),
    Signature("duckdb", "DuckDB database", "application/octet-stream", b"DUCK", 8),
    Signature("gzip", "gzip archive", "application/gzip", b"\x1f\x8b"),
    Signature("bzip2", "bzip2 archive", "application/x-bzip2", b"BZh"),
    Signature("xz", "xz archive", "application/x-xz", b"\xfd7zXZ\0"),
    Signature("zstd", "Zstandard archive", "application/zstd", b"\x28\xb5\x2f\xfd"),
    Signature("7z", "7-Zip archive", "application/x-7z-compressed", b"7z\xbc\xaf\x27\x1c"),
    Signature("rar", "RAR archive", "application/vnd.rar", b"Rar!\x1a\x07"),
    Signature(
        "zip", "ZIP archive (or a format built on it: XLSX, DOCX, NPZ, PyTorch)", "application/zip", b"PK\x03\x04"
    ),
    Signature("zip", "empty ZIP archive", "application/zip", b"PK\x05\x06"),
    Signature("tar", "tar archive", "application/x-tar", b"ustar", 257),
    Signature("audio", "WAV sound", "audio/wav", b"WAVE", 8),
    Signature("audio", "MP3 sound", "audio/mpeg", b"ID3"),
    Signature("video", "Ogg video", "video/ogg", b"\x80theora", 28),
    Signature("audio", "Ogg sound", "audio/ogg", b"OggS"),
    Signature("audio", "FLAC sound", "audio/flac", b"fLaC"),
    Signature("video", "Matroska or WebM video", "video/x-matroska", b"\x1aE\xdf\xa3"),
    Signature("video", "AVI video", "video/x-msvideo", b"AVI ", 8),
    Signature("elf", "ELF program", "application/x-elf", b"\x7fELF"),
    Signature("executable", "Windows program", "application/vnd.microsoft.portable-executable", b"MZ\x90"),
    Signature("gguf", "GGUF model", "application/octet-stream", b"GGUF"),
    Signature("tflite", "TensorFlow Lite model", "application/octet-stream", b"TFL3", 4),
    Signature("image", "BMP image", "image/bmp", b"BM"),
)
PICKLE = Signature(
    "pickle", "Python pickle (never loaded here: loading one runs its code)", "application/octet-stream", b"\x80"
)
PICKLE_PROTOCOLS = frozenset(range(2, 6))

LABELS = {
    "viz_script": "a user's own renderer",
    "onnx": "ONNX model",
    "tensorboard": "TensorBoard event file",
    "notebook": "Jupyter notebook",
    "xlsx": "Excel workbook",
    "docx": "Word document",
    "pptx": "PowerPoint presentation",
    "opendocument": "OpenDocument file",
    "epub": "EPUB book",
    "npz": "NumPy archive",
    "pytorch": "PyTorch archive",
    "keras": "Keras model",
    "skops": "skops model",
    "wheel": "Python wheel",
    "jar": "Java archive",
    "coco": "COCO annotations",
    "geojson": "GeoJSON map data",
    "topojson": "TopoJSON map data",
    "audio": "sound",
    "video": "video",
    "vega_lite": "Vega-Lite chart",
    "vega": "Vega chart",
    "plotly": "Plotly chart",
    "progress_lines": "progress as JSON lines",
    "kfp_classification_metrics": "Kubeflow classification metrics",
    "kfp_sliced_metrics": "Kubeflow sliced classification metrics",
    "kfp_executor_output": "Kubeflow executor output",
    "kfp_metrics": "Kubeflow metrics",
    "json": "JSON document",
    "mlmodel": "MLflow model description",
    "xml": "XML document",
    "pickle": PICKLE.label,
    "binary": "binary file of an unknown format",
    "empty": "empty file",
}


AVIF = Signature("image", "AVIF image", "image/avif", b"")
MP3 = Signature("audio", "MP3 sound", "audio/mpeg", b"\xff")
AAC = Signature("audio", "AAC sound", "audio/aac", b"\xff")
NETPBM = re.compile(rb"P[1-6]\s+(?:#[^\n]*\n\s*)*\d{1,9}\s+(?:#[^\n]*\n\s*)*\d{1,9}\s")


def signature_of(head: bytes) -> Signature | None:
    """Return the binary format that begins with ``head``, if it is a known one."""
    for signature in SIGNATURES:
        if signature.matches(head) and not _only_looks_like(signature, head):
            return AVIF if signature.kind == "heif" and b"avif" in head[16:48] else signature
    if len(head) > 2 and head[0] == 0x80 and head[1] in PICKLE_PROTOCOLS:
        return PICKLE
    return _bare_frames(head) if head[:1] == b"\xff" else None


def _only_looks_like(signature: Signature, head: bytes) -> bool:
    if signature.magic == b"BM":
        return not _bitmap(head)
    return signature.label == "Netpbm image" and NETPBM.match(head) is None


def _bare_frames(head: bytes) -> Signature | None:
    """Sound without a container: two frames in a row, for one alone may be chance."""
    if len(head) > 7 and head[1] & 0xF6 == 0xF0:
        length = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
        return AAC if length > 7 and head[length : length + 1] == b"\xff" else None
    frame = mp3_frame(head)
    return MP3 if frame is not None and mp3_frame(head[frame.length : frame.length + 4]) is not None else None


def _bitmap(head: bytes) -> bool:
    """Two letters are not enough to tell a BMP from a text that begins with BM."""
    return (
        len(head) >= 18
        and head[6:10] == b"\0\0\0\0"
        and int.from_bytes(head[14:18], "little") in {12, 40, 56, 64, 108, 124}
    )


def label_of(kind: str, head: bytes) -> str:
    """Return what people call this kind of file."""
    signature = signature_of(head)
    if signature is not None and not (signature.kind == "zip" and kind in LABELS):
        return signature.label
    return LABELS.get(kind, kind.replace("_", " "))


def media_type_of(head: bytes) -> str:
    """Return the media type that the bytes tell, ``application/octet-stream`` where they tell none."""
    signature = signature_of(head)
    return signature.media_type if signature is not None else "application/octet-stream"
