"""Archives whose members want to be elsewhere, or never end."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
from typing import TYPE_CHECKING

from tests.hostile.case import MARK, MARKUP, Collection
from tests.hostile.pieces import png, zip_of

if TYPE_CHECKING:
    from collections.abc import Callable

ARCHIVES = Collection([])
SLIP = "Argo CVE-2025-62156, CPython CVE-2007-4559, CVE-2025-4517"
ESCAPES = {
    "parent": f"../../../../../../tmp/{MARK}",
    "absolute": f"/tmp/{MARK}",
    "backslash": f"..\\..\\..\\tmp\\{MARK}",
    "drive": f"C:\\{MARK}",
    "inside": f"a/b/../../../../../../../tmp/{MARK}",
    "dots": "..",
    "empty": "",
    "slashes": "//",
    "dot_slash": "./" * 400 + "a",
    "nul": f"a\0/tmp/{MARK}",
    "long": "a" * 60_000,
    "deep": "a/" * 20_000 + "b",
    "markup": MARKUP,
    "newline": "a\nb\r\nc.csv",
    "bidi": "\u202egnp.exe.csv",
    "surrogate": "a\udcff.csv",
    "terminal": "\x1b]8;;javascript:alert(1)\x07x\x1b]8;;\x07",
}


def tar_of(*members: tuple[tarfile.TarInfo, bytes], mode: str = "w:gz") -> bytes:
    """Return a tar archive of members with their contents."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode=mode, format=tarfile.PAX_FORMAT, errors="surrogateescape") as archive:  # type: ignore[call-overload]
        for member, content in members:
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return made.getvalue()


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "", **headers: str) -> tarfile.TarInfo:
    """Return a member that is not (only) a file."""
    made = tarfile.TarInfo(name)
    made.type, made.linkname, made.pax_headers = kind, link, headers
    return made


def _several(name: str, harm: str, make: Callable[[str], bytes], key: str, advisory: str) -> None:
    ARCHIVES.several(name, {word: make(path) for word, path in ESCAPES.items()}, key, advisory, harm)


_several(
    "tgz_member",
    "a member is written outside, or its name becomes markup",
    lambda path: tar_of((member("a.csv"), b"a,b\n1,2\n"), (member(path or "x"), b"a,b\n3,4\n")),
    "runs/a/data.tgz",
    f"{SLIP}, Argo GHSA-cv78-6m8q-ph82 (names in listings)",
)
_several(
    "zip_member",
    "a member is written outside, or its name becomes markup",
    lambda path: zip_of({"a.csv": b"a,b\n1,2\n", path.encode("utf-8", "replace").decode() or "x": b"a,b\n3,4\n"}),
    "runs/a/data.zip",
    f"{SLIP}, CPython CVE-2024-8088",
)
_several(
    "tgz_symlink",
    "a link inside leads to a file of the machine",
    lambda path: tar_of((member("x.csv", tarfile.SYMTYPE, path or "/"), b""), (member("x.csv/passwd"), b"a,b\n1,2\n")),
    "runs/a/data.tgz",
    "Argo CVE-2025-66626 / GHSA-xrqc-7xgx-c9vh (links around the check)",
)
LINKS = {
    "passwd": member("passwd.txt", tarfile.SYMTYPE, "/etc/passwd"),
    "hard": member("passwd.txt", tarfile.LNKTYPE, "/etc/passwd"),
    "relative": member("passwd.txt", tarfile.SYMTYPE, "../" * 30 + "etc/passwd"),
    "of_itself": member("a.csv", tarfile.SYMTYPE, "a.csv"),
    "environment": member("a.csv", tarfile.SYMTYPE, "/proc/self/environ"),
    "device": member("zero.csv", tarfile.CHRTYPE),
    "disk": member("disk.csv", tarfile.BLKTYPE),
    "pipe": member("pipe.csv", tarfile.FIFOTYPE),
}
ARCHIVES.several(
    "tgz_only",
    {word: tar_of((link, b"")) for word, link in LINKS.items()},
    "runs/a/mlpipeline-metrics.tgz",
    "Argo CVE-2025-66626, CPython CVE-2025-4330, CVE-2025-4138",
    "a link or device is opened as if it were the file",
)


@ARCHIVES.add("runs/a/link.zip", SLIP, "a symbolic link in a ZIP is followed")
def zip_symlink() -> bytes:
    whole = zip_of({"passwd.txt": b"/etc/passwd"})
    at = whole.index(b"PK\x01\x02")
    return whole[: at + 5] + b"\x03" + whole[at + 6 : at + 38] + struct.pack("<I", 0o120777 << 16) + whole[at + 42 :]


@ARCHIVES.add("runs/a/encrypted.zip", "CWE-755", "an encrypted member ends the rendering with a foreign error")
def zip_encrypted() -> bytes:
    whole = bytearray(zip_of({"a.csv": b"a,b\n1,2\n"}))
    whole[6] |= 1
    whole[whole.index(b"PK\x01\x02") + 8] |= 1
    return bytes(whole)


@ARCHIVES.add("runs/a/method.zip", "CWE-755", "an unknown compression ends the rendering with a foreign error")
def zip_of_unknown_compression() -> bytes:
    whole = bytearray(zip_of({"a.csv": b"a,b\n1,2\n"}))
    whole[8] = whole[whole.index(b"PK\x01\x02") + 10] = 97
    return bytes(whole)


@ARCHIVES.add("runs/a/false.zip", "CWE-436 (two directories, two readers)", "names in front and behind differ")
def zip_of_differing_names() -> bytes:
    return zip_of({"a.csv": b"a,b\n1,2\n"}).replace(b"a.csv", b"b.exe", 1)


@ARCHIVES.add("runs/a/crc.zip", "CWE-354", "a member with a wrong checksum is shown as if it were right")
def zip_of_wrong_checksums() -> bytes:
    whole = bytearray(zip_of({"a.csv": b"a,b\n1,2\n"}))
    whole[whole.index(b"PK\x01\x02") + 16] ^= 0xFF
    return bytes(whole)


@ARCHIVES.add("plots/both.png", "CWE-436 (a picture that is an archive too)", "the archive behind it is opened")
def png_with_a_zip_behind() -> bytes:
    import zlib

    return png(2, 2, zlib.compress(bytes(14))) + zip_of({f"../{MARK}": b"x"})


@ARCHIVES.add("runs/a/loop.tar", "CPython CVE-2019-20907", "a header without length is read for ever")
def tar_with_an_endless_header() -> bytes:
    head = member("x", tarfile.XHDTYPE)
    head.size = 16
    return head.tobuf() + b"0 path=x\n".ljust(512, b"\0") + member("a").tobuf() + bytes(1024)


@ARCHIVES.add("runs/a/negative.tar", "CPython CVE-2025-8194", "a negative size moves the reader back for ever")
def tar_with_a_negative_size() -> bytes:
    head = bytearray(member("a.csv").tobuf())
    head[124:136] = b"\xff" * 11 + b"\0"
    _checksum(head)
    return bytes(head) * 3 + bytes(1024)


@ARCHIVES.add("runs/a/huge.tar", "CWE-190", "a size of exabytes is waited for or allocated")
def tar_with_a_huge_size() -> bytes:
    head = bytearray(member("a.csv").tobuf())
    head[124:136] = b"\x80\0\0\0\x7f" + b"\xff" * 7
    _checksum(head)
    return bytes(head) + b"a,b\n1,2\n".ljust(512, b"\0") + bytes(1024)


def _checksum(head: bytearray) -> None:
    head[148:156] = b" " * 8
    head[148:156] = b"%06o\0 " % sum(head[:512])


@ARCHIVES.add("runs/a/pax.tar", "CPython CVE-2024-6232 (slow header patterns)", "a header of a megabyte takes minutes")
def tar_with_a_slow_header() -> bytes:
    said = b"1" * 500_000 + b" " + b"GNU.sparse.map=" + b"0,1," * 100_000
    head = member("x", tarfile.XHDTYPE)
    head.size = len(said)
    return head.tobuf() + said.ljust(-(-len(said) // 512) * 512, b"\0") + member("a").tobuf() + bytes(1024)


@ARCHIVES.add("runs/a/sparse.tar", "CWE-409 in GNU sparse members", "a hole of 8 exabytes is filled with zeros")
def tar_with_a_sparse_exabyte() -> bytes:
    headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": str(2**63 - 1)}
    sparse = member("a.csv", GNU_sparse_name="a.csv")
    sparse.pax_headers = headers | {"GNU.sparse.name": "a.csv"}
    return tar_of((sparse, b"1\n0\n9223372036854775807\n".ljust(512, b"\0")), mode="w")


@ARCHIVES.add("runs/a/twice.tgz", "CWE-694", "the second member of one name replaces the first unseen")
def tgz_of_one_name_twice() -> bytes:
    return tar_of((member("a.csv"), b"a,b\n1,2\n"), (member("a.csv"), b"<script>alert(1)</script>"))


@ARCHIVES.add("runs/a/members.tgz", "Argo CVE-2022-29164", "script of members runs in the listing")
def tgz_of_hostile_members() -> bytes:
    files = {
        "a.html": f"<html><script>parent.alert(1)</script>{MARKUP}</html>",
        "a.md": MARKUP,
        "a.svg": "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><script>1</script></svg>",
        "a.ipynb": '{"nbformat":4,"cells":[{"cell_type":"markdown","source":"<script>1</script>"}]}',
        "a.pkl": f"cos\nsystem\n(S'touch /tmp/{MARK}'\ntR.",
        "a.viz.py": f"open('/tmp/{MARK}', 'w')",
    }
    return tar_of(*((member(name), text.encode()) for name, text in files.items()))


@ARCHIVES.add("runs/a/name.gz", "CWE-116 in gzip headers", "the name in a gzip header becomes markup or a path")
def gzip_with_a_hostile_name() -> bytes:
    plain = gzip.compress(b"a,b\n1,2\n", mtime=0)
    return plain[:3] + b"\x08" + plain[4:10] + f"../../{MARKUP}".encode() + b"\0" + plain[10:]


@ARCHIVES.add("runs/a/members.gz", "CWE-400 in gzip streams", "a million empty streams are opened")
def gzip_of_many_streams() -> bytes:
    return gzip.compress(b"", mtime=0) * 200_000


@ARCHIVES.add("runs/a/cut.tgz", "CWE-755", "an archive that breaks off ends with a foreign error")
def tgz_that_breaks_off() -> bytes:
    return tar_of((member("a.csv"), b"a,b\n" + b"1,2\n" * 9000))[:-40]


@ARCHIVES.add("runs/a/wrong.bz2", "CWE-755", "damaged bzip2 ends with a foreign error")
def bzip2_of_noise() -> bytes:
    return b"BZh91AY&SY" + bytes(range(256)) * 4


@ARCHIVES.add("runs/a/wrong.xz", "CWE-755, xz CVE-2024-3094", "damaged xz ends with a foreign error")
def xz_of_noise() -> bytes:
    return b"\xfd7zXZ\0" + bytes(range(256)) * 4


@ARCHIVES.add("runs/a/wrong.zst", "CWE-789 in Zstandard windows", "a window of 2 GB is allocated")
def zstd_of_a_huge_window() -> bytes:
    return b"\x28\xb5\x2f\xfd\x00\xff" + b"\xff" * 40
