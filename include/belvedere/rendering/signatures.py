"""Binary formats by their first bytes: what we render, and what we can at least name."""

from __future__ import annotations

from dataclasses import dataclass


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
    Signature("mp4", "MPEG-4 video", "video/mp4", b"ftyp", 4),
    Signature("jpeg2000", "JPEG 2000 image", "image/jp2", b"\0\0\0\x0cjP  \r\n\x87\n"),
    Signature("psd", "Photoshop image", "image/vnd.adobe.photoshop", b"8BPS"),
    Signature("icon", "Windows icon", "image/x-icon", b"\0\0\x01\0"),
    Signature("pdf", "PDF document", "application/pdf", b"%PDF-"),
    Signature("postscript", "PostScript document", "application/postscript", b"%!PS"),
    Signature("parquet", "Apache Parquet table", "application/vnd.apache.parquet", b"PAR1"),
    Signature("arrow", "Apache Arrow file", "application/vnd.apache.arrow.file", b"ARROW1"),
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
    Signature("wav", "WAV sound", "audio/wav", b"WAVE", 8),
    Signature("mp3", "MP3 sound", "audio/mpeg", b"ID3"),
    Signature("ogg", "Ogg sound or video", "application/ogg", b"OggS"),
    Signature("flac", "FLAC sound", "audio/flac", b"fLaC"),
    Signature("matroska", "Matroska or WebM video", "video/x-matroska", b"\x1aE\xdf\xa3"),
    Signature("avi", "AVI video", "video/x-msvideo", b"AVI ", 8),
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
    "onnx": "ONNX model",
    "tensorboard": "TensorBoard event file",
    "notebook": "Jupyter notebook",
    "coco": "COCO annotations",
    "vega_lite": "Vega-Lite chart",
    "plotly": "Plotly chart",
    "kfp_metrics": "Kubeflow metrics",
    "json": "JSON document",
    "json_lines": "JSON Lines",
    "mlmodel": "MLflow model description",
    "xml": "XML document",
    "pickle": PICKLE.label,
    "binary": "binary file of an unknown format",
    "empty": "empty file",
}


def signature_of(head: bytes) -> Signature | None:
    """Return the binary format that begins with ``head``, if it is a known one."""
    for signature in SIGNATURES:
        if signature.matches(head) and not (signature.magic == b"BM" and not _bitmap(head)):
            return signature
    if len(head) > 2 and head[0] == 0x80 and head[1] in PICKLE_PROTOCOLS:
        return PICKLE
    return None


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
    if signature is not None:
        return signature.label
    return LABELS.get(kind, kind.replace("_", " "))


def media_type_of(head: bytes) -> str:
    """Return the media type that the bytes tell, ``application/octet-stream`` where they tell none."""
    signature = signature_of(head)
    return signature.media_type if signature is not None else "application/octet-stream"
