"""Draws FASTA files: how many sequences, how long, and what they are made of."""

from __future__ import annotations

from belvedere.sdk import (
    Drawing,
    LimitExceeded,
    Limits,
    MalformedArtifact,
    Part,
    Rendering,
    Sampled,
    Source,
    count,
    decode,
    figure,
    file_name,
    finish,
    percent,
    renderer,
    table,
    verdict,
)
from belvedere_fasta.fasta import NotFasta, Sequence, looks_like_fasta, read_fasta

MOST_BYTES = 64 * 1024**2
MOST_BARS = 30


def recognise(source: Source, head: bytes) -> str | None:
    """Tell FASTA by its bytes, whatever the object is called."""
    return "fasta" if looks_like_fasta(head[:4096].decode("ascii", "replace")) else None


@renderer("acme.fasta", version="1.0.0", kinds=("fasta",), recognise=recognise)
def render_fasta(source: Source, limits: Limits) -> Rendering:
    """Draw one FASTA file.

    Raises:
        MalformedArtifact: it is no FASTA.
        LimitExceeded: it is too large to be read whole.
    """
    if source.size > MOST_BYTES:
        raise LimitExceeded(f"The file has {source.size:,} bytes; at most {MOST_BYTES:,} are read.", code="fasta_size")
    try:
        sequences = read_fasta(decode(source.path.read_bytes()).text)
    except NotFasta as error:
        raise MalformedArtifact(f"This is no FASTA file: {error}.", code="not_fasta") from None
    if not sequences:
        raise MalformedArtifact("This FASTA file holds no sequence.", code="empty")
    return finish(_part(source, sequences, limits))


def _part(source: Source, sequences: list[Sequence], limits: Limits) -> Part:
    name, total = file_name(source), sum(sequence.length for sequence in sequences)
    what = "nucleotide" if all(sequence.is_nucleic for sequence in sequences) else "protein"
    shown = sequences[: max(1, limits.table_cells_shown // 4)]
    drawing = _lengths(sequences, 640, 300)
    said = f"{count(len(sequences))} {what} sequences, {count(total)} letters in all."
    return Part(
        kind="fasta",
        title=name,
        lead=said,
        alt_text=f"FASTA file {name}: {said}",
        facts={
            "fasta": {
                "sequences": len(sequences),
                "letters": total,
                "molecule": what,
                "names": [sequence.name for sequence in sequences[:1000]],
                "lengths": [sequence.length for sequence in sequences[:1000]],
            }
        },
        body=_headline(sequences, total) + figure(drawing.to_text()) + _rows(shown),
        thumbnail=_lengths(sequences, 480, 300),
        figure=drawing,
        sampled=Sampled(len(shown), len(sequences), "sequences") if len(shown) < len(sequences) else None,
    )


def _headline(sequences: list[Sequence], total: int) -> str:
    lengths = sorted(sequence.length for sequence in sequences)
    figures = {
        "Sequences": count(len(sequences)),
        "Letters": count(total),
        "Longest": count(lengths[-1]),
        "Median length": count(lengths[len(lengths) // 2]),
    }
    return verdict(figures)


def _rows(sequences: list[Sequence]) -> str:
    header = ("Name", "Description", "Length", "GC")
    rows = [
        (
            sequence.name,
            sequence.description,
            count(sequence.length),
            percent(sequence.gc_share) if sequence.gc_share is not None else "",
        )
        for sequence in sequences
    ]
    return table(header, rows, numeric=(False, False, True, True))


def _lengths(sequences: list[Sequence], width: int, height: int) -> Drawing:
    """Draw the lengths of the first sequences as bars."""
    bars = sequences[:MOST_BARS]
    drawing = Drawing(width, height, label=f"Lengths of {count(len(bars))} sequences")
    drawing.text(24, 40, "Length of each sequence", css="muted", size=18)
    drawing.bars(24, 60, width - 48, height - 110, [float(sequence.length) for sequence in bars])
    drawing.line(24, height - 50, width - 24, height - 50, css="axis")
    drawing.text(24, height - 20, bars[0].name, css="ink", size=18, fit=width / 2 - 30)
    drawing.text(width - 24, height - 20, bars[-1].name, css="ink", size=18, anchor="end", fit=width / 2 - 30)
    return drawing
