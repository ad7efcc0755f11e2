"""Small files that want to become large: pictures, archives, tables, streams."""

from __future__ import annotations

import gzip
import io
import json
import struct
import tarfile
import zipfile
import zlib

from tests.hostile.case import Collection
from tests.hostile.pieces import gif_frames, npy, png, tiff, zip_of

BOMBS = Collection([])
MEGABYTE = 1024**2
PICTURES = "Pillow CVE-2019-16865 (invalid pictures that take large memory or long)"
RATIO = "CWE-409, Argo CVE-2025-62156 and its advice: caps for size, ratio and count"


@BOMBS.add("plots/bomb.png", PICTURES, "900 million pixels are unpacked")
def png_of_900_million_pixels() -> bytes:
    return png(30_000, 30_000, zlib.compress(bytes(30_000 * 3_751), 9), depth=1, colour=0)


@BOMBS.add("plots/dishonest.png", PICTURES, "two pixels are announced and 64 MB follow")
def png_with_more_data_than_pixels() -> bytes:
    return png(2, 1, zlib.compress(bytes(64 * MEGABYTE), 9))


@BOMBS.add("plots/text.png", "Pillow CVE-2014-9601", "a compressed text chunk of 32 MB is unpacked")
def png_with_a_text_bomb() -> bytes:
    text = b"Comment\0\0" + zlib.compress(bytes(32 * MEGABYTE), 9)
    return png(4, 4, zlib.compress(bytes(4 * 13)), extra=[(b"zTXt", text)] * 8)


@BOMBS.add("plots/icc.png", "Pillow CVE-2014-9601", "a compressed colour profile of 64 MB is unpacked")
def png_with_a_profile_bomb() -> bytes:
    return png(4, 4, zlib.compress(bytes(4 * 13)), extra=[(b"iCCP", b"x\0\0" + zlib.compress(bytes(64 * MEGABYTE), 9))])


@BOMBS.add("plots/apng.png", "Pillow CVE-2022-45198", "a million animation frames are unpacked")
def apng_with_endless_frames() -> bytes:
    pixels = zlib.compress(bytes(500 * 1501))
    control = (b"acTL", struct.pack(">II", 2**31 - 1, 0))
    frame = (b"fcTL", struct.pack(">IIIIIHHBB", 0, 500, 500, 0, 0, 1, 100, 0, 0))
    return png(500, 500, pixels, extra=[control, frame])


@BOMBS.add("plots/bomb.gif", "Pillow CVE-2022-45198", "frames of four billion pixels each are unpacked")
def gif_of_large_frames() -> bytes:
    return gif_frames(65_535, 65_535, 400)


@BOMBS.add("plots/many.gif", "Pillow CVE-2022-45198", "100,000 frames are unpacked")
def gif_of_many_frames() -> bytes:
    return gif_frames(64, 64, 100_000)


@BOMBS.add("plots/bomb.tif", PICTURES, "a picture of 10^12 pixels is unpacked")
def tiff_of_a_trillion_pixels() -> bytes:
    return tiff({256: 10**6, 257: 10**6, 258: 8, 259: 1, 262: 1, 273: 8, 277: 1, 278: 10**6, 279: 64})


@BOMBS.add("plots/loop.tif", "Pillow CVE-2021-28675 and kin (counts without a check)", "a chain of pages goes round")
def tiff_whose_pages_go_round() -> bytes:
    return tiff({256: 4, 257: 4, 258: 8, 259: 1, 262: 1, 273: 8, 277: 1, 278: 4, 279: 16}, following=8)


@BOMBS.add(
    "plots/tags.tif", "Pillow CVE-2021-27921 and kin (sizes without a check)", "four billion tag values are read"
)
def tiff_with_a_huge_tag() -> bytes:
    return tiff({256: 4, 257: 4, 258: 8, 259: 1, 262: 1, 273: 8, 277: 1, 278: 4, 279: 16}, huge_tag=True)


@BOMBS.add("plots/icon.ico", "Pillow CVE-2021-27923", "the size that an icon announces is believed")
def icon_with_a_false_size() -> bytes:
    inner = png(40_000, 40_000, zlib.compress(b""), depth=1, colour=0)
    return struct.pack("<HHH", 0, 1, 1) + struct.pack("<BBBBHHII", 0, 0, 0, 0, 1, 32, len(inner), 22) + inner


@BOMBS.add("plots/broken.webp", "libwebp CVE-2023-4863", "the Huffman tables of a lossless picture overflow")
def webp_with_wild_huffman_codes() -> bytes:
    body = b"VP8L" + struct.pack("<I", 4096) + b"\x2f" + bytes.fromhex("7f c01f 10") + bytes(range(256)) * 16
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


@BOMBS.add("plots/wide.pgm", PICTURES, "a header of 10^18 pixels is believed")
def pgm_of_impossible_size() -> bytes:
    return b"P5\n1000000000 1000000000\n255\n" + bytes(64)


@BOMBS.add("runs/a/bomb.zip", RATIO, "128 MB are unpacked")
def zip_of_zeros() -> bytes:
    return zip_of({f"zeros-{number}.csv": bytes(32 * MEGABYTE) for number in range(4)})


@BOMBS.add(
    "runs/a/overlap.zip",
    "CVE-2019-13232, CPython CVE-2024-0450 (quoted overlap)",
    "one kernel is unpacked 10,000 times",
)
def zip_of_overlapping_members() -> bytes:
    kernel = zip_of({"a.txt": bytes(MEGABYTE)})
    start, size = kernel.index(b"PK\x01\x02"), 46 + len("a.txt")
    entry = kernel[start : start + size]
    entries = b"".join(entry[:46] + f"{number:05}".encode() for number in range(10_000))
    count = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 10_000, 10_000, len(entries), start, 0)
    return kernel[:start] + entries + count


@BOMBS.add("runs/a/42.zip", "CWE-409 (42.zip: archives in archives)", "each of 40 levels is opened")
def zip_in_zip_40_deep() -> bytes:
    content = b"label,count\na,1\n"
    for level in range(40):
        content = zip_of({f"level-{level}.zip" if level else "a.csv": content, "also.zip": content})
    return content


@BOMBS.add("runs/a/deep.tgz", RATIO, "each of 40 levels is opened")
def gzip_in_gzip_40_deep() -> bytes:
    content = b"hello\n" * 100
    for _ in range(40):
        content = gzip.compress(content, mtime=0)
    return content


@BOMBS.add("runs/a/many.zip", RATIO, "20,000 members are each rendered")
def zip_of_many_members() -> bytes:
    return zip_of({f"{number}.csv": b"a,b\n1,2\n" for number in range(20_000)}, zipfile.ZIP_STORED)


@BOMBS.add("runs/a/huge.zip", RATIO, "sizes of 16 exabytes are added up and believed")
def zip_of_announced_exabytes() -> bytes:
    whole = bytearray(zip_of({"a.csv": b"a,b\n1,2\n"}))
    at = whole.index(b"PK\x01\x02")
    whole[at + 20 : at + 28] = b"\xff\xff\xff\x7f" * 2
    return bytes(whole)


@BOMBS.add("runs/a/bomb.tgz", RATIO, "64 MB of one member are unpacked")
def tgz_of_zeros() -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz", compresslevel=1) as archive:
        member = tarfile.TarInfo("mlpipeline-metrics.json")
        member.size = 64 * MEGABYTE
        archive.addfile(member, io.BytesIO(bytes(member.size)))
    return made.getvalue()


@BOMBS.add("runs/a/bomb.csv.gz", RATIO, "64 MB of one line are unpacked")
def gzip_of_one_line() -> bytes:
    return gzip.compress(b"a" * (64 * MEGABYTE), compresslevel=1, mtime=0)


@BOMBS.add("runs/a/many.tar", RATIO, "30,000 members are listed")
def tar_of_many_members() -> bytes:
    member = tarfile.TarInfo("a").tobuf()
    return member * 30_000 + bytes(1024)


@BOMBS.add("runs/a/book.xlsx", "CWE-409 in SpreadsheetML", "a sheet of 26 MB is unpacked")
def xlsx_of_zeros() -> bytes:
    return workbook(b"<row><c><v>1</v></c></row>" * 1_000_000)


@BOMBS.add("runs/a/wide.xlsx", "CWE-400 in SpreadsheetML", "a cell in the last corner makes a grid of 17 billion")
def xlsx_with_a_far_cell() -> bytes:
    return workbook(b'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c></row>')


def workbook(rows: bytes) -> bytes:
    """Return an Excel workbook of one sheet with these rows of SpreadsheetML."""
    name = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"><Default Extension="xml" '
        'ContentType="application/xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
        f'Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{name}" xmlns:r="{office}"><sheets><sheet name="&lt;b&gt;A" '
        'sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
        f'Type="{office}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
    }
    sheet = f'<worksheet xmlns="{name}"><sheetData>'.encode() + rows + b"</sheetData></worksheet>"
    return zip_of({**{path: text.encode() for path, text in parts.items()}, "xl/worksheets/sheet1.xml": sheet})


@BOMBS.add("runs/a/bomb.npz", "CWE-409 in NumPy archives", "an array of 64 MB is unpacked")
def npz_of_zeros() -> bytes:
    return zip_of({"a.npy": npy((8 * MEGABYTE,), bytes(64 * MEGABYTE))})


@BOMBS.add("runs/a/shape.npy", "CWE-789 (memory by announced size)", "a shape of 10^18 numbers is believed")
def npy_of_impossible_shape() -> bytes:
    return npy((10**9, 10**9), bytes(64))


@BOMBS.add(
    "runs/a/header.npy", "NumPy: max_header_size (a header read by literal_eval)", "deep brackets exhaust the stack"
)
def npy_with_a_deep_header() -> bytes:
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': " + b"(" * 60_000 + b")" * 60_000 + b"}\n"
    return b"\x93NUMPY\x02\0" + struct.pack("<I", len(header)) + header


@BOMBS.add("runs/a/rows.parquet", "CWE-409 in Parquet pages", "10 million rows from a few kilobytes are held in memory")
def parquet_of_many_equal_rows() -> bytes:
    import numpy
    import pyarrow
    import pyarrow.parquet

    made = io.BytesIO()
    column = pyarrow.array(numpy.zeros(10_000_000, dtype="int64"))
    pyarrow.parquet.write_table(pyarrow.table({"a": column, "b": column}), made, compression="zstd")
    return made.getvalue()


@BOMBS.add("runs/a/text.parquet", "CWE-409 in Parquet pages", "one cell of 64 MB is drawn")
def parquet_with_a_large_cell() -> bytes:
    import pyarrow
    import pyarrow.parquet

    made = io.BytesIO()
    table = pyarrow.table({"a": ["x" * (64 * MEGABYTE), "y"]})
    pyarrow.parquet.write_table(table, made, compression="zstd")
    return made.getvalue()


@BOMBS.add("runs/a/wide.parquet", "CWE-400 in Parquet footers", "3,000 columns are profiled one by one")
def parquet_of_many_columns() -> bytes:
    import pyarrow
    import pyarrow.parquet

    made = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table({f"c{number}": [number] for number in range(3_000)}), made)
    return made.getvalue()


@BOMBS.add(
    "runs/a/model.safetensors", "CWE-789; safetensors caps its header at 100 MB", "a header of 8 exabytes is read"
)
def safetensors_with_an_endless_header() -> bytes:
    return struct.pack("<Q", 2**63) + b'{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'


@BOMBS.add("runs/a/offsets.safetensors", "CWE-190", "offsets outside the file are followed")
def safetensors_with_wild_offsets() -> bytes:
    head = json.dumps(
        {"a": {"dtype": "F32", "shape": [2**62, 2**62], "data_offsets": [-5, 2**70]}, "__metadata__": {"x": "<b>"}}
    ).encode()
    return struct.pack("<Q", len(head)) + head + bytes(8)


@BOMBS.add("logs/events.out.tfevents.1.host", "CWE-789 in TFRecord lengths", "a record of 2^62 bytes is waited for")
def tensorboard_with_an_endless_record() -> bytes:
    first = b"\x09\0\0\0\0\0\0\xf0?\x1a\x0dbrain.Event:2"
    return struct.pack("<QI", len(first), 0) + first + bytes(4) + struct.pack("<QI", 2**62, 0) + bytes(64)


@BOMBS.add("runs/a/sound.wav", "CWE-789 in RIFF sizes", "the announced four gigabytes are allocated")
def wav_of_announced_gigabytes() -> bytes:
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 65_535, 2**32 - 1, 0, 0, 0)
    return b"RIFF" + struct.pack("<I", 2**32 - 1) + b"WAVE" + form + b"data" + struct.pack("<I", 2**32 - 1) + bytes(64)


@BOMBS.add(
    "runs/a/film.mp4", "CWE-674 in ISO base media boxes", "boxes in boxes exhaust the stack, sizes of zero go round"
)
def mp4_of_nested_boxes() -> bytes:
    inner = struct.pack(">I4s", 0, b"moov")
    for _ in range(20_000):
        inner = struct.pack(">I4s", len(inner) + 8, b"moov") + inner
    return struct.pack(">I4s4sI", 16, b"ftyp", b"isom", 0) + inner


@BOMBS.add("runs/a/flate.pdf", "CWE-409 in PDF streams", "a page of 42 MB is unpacked")
def pdf_with_a_stream_bomb() -> bytes:
    packed = zlib.compress(b"0 0 m 1 1 l S " * (3 * MEGABYTE), 9)
    return pdf_with(b"<< /Filter /FlateDecode /Length %d >>\nstream\n" % len(packed) + packed + b"\nendstream")


@BOMBS.add(
    "runs/a/loop.pdf", "pypdf CVE-2023-36464 and kin (endless loops)", "a tree of pages that holds itself is walked"
)
def pdf_whose_pages_hold_themselves() -> bytes:
    return (
        b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n"
        b"2 0 obj\n<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 1000000000 /Parent 2 0 R >>\nendobj\n"
        b"trailer\n<< /Root 1 0 R /Prev 0 >>\nstartxref\n9\n%%EOF\n"
    )


@BOMBS.add("runs/a/large.pdf", PICTURES, "a page of 10^12 points is drawn")
def pdf_of_a_giant_page() -> bytes:
    return pdf_with(b"<< /Length 0 >>\nstream\n\nendstream", box=b"0 0 1000000 1000000")


def pdf_with(content: bytes, *, box: bytes = b"0 0 200 200", catalog: bytes = b"", page: bytes = b"") -> bytes:
    """Return a PDF of one page with this content stream."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R " + catalog + b" >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [" + box + b"] /Contents 4 0 R " + page + b" >>",
        content,
    ]
    made, places = bytearray(b"%PDF-1.7\n"), []
    for number, text in enumerate(objects, 1):
        places.append(len(made))
        made += b"%d 0 obj\n" % number + text + b"\nendobj\n"
    start = len(made)
    made += b"xref\n0 5\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % place for place in places)
    return bytes(made) + b"trailer\n<< /Size 5 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % start
