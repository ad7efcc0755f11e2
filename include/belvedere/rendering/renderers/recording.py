"""Sounds and videos: what they are, how long, how they sound; the gallery puts a player above this page."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from belvedere.rendering.drawing.svg import Drawing
from belvedere.rendering.pages.naming import file_name
from belvedere.rendering.pages.numbers import bytes_in_words
from belvedere.rendering.pages.page import figure, table, verdict
from belvedere.rendering.pages.part import Part, as_rendering
from belvedere.rendering.recordings.headers import Recording, Track, read_recording
from belvedere.rendering.recordings.waveforms import Waveform, draw_waveform, outline, read_waveform
from belvedere.rendering.registry import renderer
from belvedere.rendering.texts.plaintext import clean

if TYPE_CHECKING:
    from belvedere.model.rendering import Limits, Rendering, Source

NAME, VERSION = "belvedere.recording", "1.0.0"
SELDOM_PLAYED = frozenset({"AVI", "Matroska", "QuickTime"})
SELDOM_PLAYED_CODECS = frozenset({"H.265", "MPEG-4 Visual", "Apple Lossless", "ADPCM", "IMA ADPCM", "Theora", "Speex"})


@renderer(NAME, version=VERSION, kinds=("audio", "video"))
def render_recording(source: Source, limits: Limits) -> Rendering:
    """Show what a recording's headers say, and the waveform of a WAV file."""
    recording = read_recording(source.path, source.size)
    waveform = read_waveform(source.path, source.size) if recording.container == "WAV" else None
    return as_rendering(_part(recording, waveform, source), name=NAME, version=VERSION)


def kind_of(recording: Recording) -> str:
    """Return ``video`` for what has pictures, or may have."""
    if recording.first("video") is not None:
        return "video"
    return "audio" if recording.tracks or recording.media_type.startswith("audio/") else "video"


def clock(seconds: float | None) -> str:
    """Return a length as people read it, ``1:02:03`` or ``3.4 s``."""
    if seconds is None:
        return "unknown"
    if seconds < 10:
        return f"{seconds:.3g} s"
    whole = round(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def _part(recording: Recording, waveform: Waveform | None, source: Source) -> Part:
    kind, name = kind_of(recording), file_name(source)
    facts = _facts(recording, source, kind)
    words = f"{recording.container} {'video' if kind == 'video' else 'sound'}, {_in_short(recording, facts)}"
    alt = f"{words}: {name}."
    drawing = draw_waveform(waveform, f"Waveform of {name}") if waveform else None
    return Part(
        kind=kind,
        title=name,
        lead=f"{words}.",
        alt_text=alt,
        facts={kind: facts},
        body=_body(recording, waveform, drawing, facts, source),
        thumbnail=_thumbnail(recording, waveform, facts, kind, alt),
        figure=drawing,
        warnings=(*recording.warnings, *_seldom_played(recording)),
    )


def _facts(recording: Recording, source: Source, kind: str) -> dict[str, Any]:
    track = recording.first(kind) or Track(kind, "")
    sound = recording.first("audio") or Track("audio", "")
    seconds = recording.seconds
    facts: dict[str, Any] = {
        "container": recording.container,
        "media_type": recording.media_type,
        "duration_seconds": round(seconds, 3) if seconds is not None else None,
        "codec": clean(track.codec)[:60],
    }
    if seconds:
        facts["bit_rate"] = round(source.size * 8 / seconds)
    if kind == "video":
        facts |= {"width": track.width, "height": track.height}
        facts |= {"audio_codec": clean(sound.codec)[:60]} if sound.codec else {}
    return facts | {
        name: value
        for name, value in (("sample_rate", sound.sample_rate), ("channels", sound.channels), ("bits", sound.bits))
        if value
    }


def _in_short(recording: Recording, facts: dict[str, Any]) -> str:
    said = [clock(recording.seconds) if recording.seconds else "of unknown length", str(facts["codec"])]
    if facts.get("width"):
        said.append(f"{facts['width']} × {facts['height']} pixels")
    elif facts.get("sample_rate"):
        said.append(f"{facts['sample_rate']:,} Hz")
    return ", ".join(word for word in said if word)


def _seldom_played(recording: Recording) -> tuple[str, ...]:
    odd = [recording.container] if recording.container in SELDOM_PLAYED else []
    odd += [track.codec for track in recording.tracks if track.codec in SELDOM_PLAYED_CODECS]
    if not odd:
        return ()
    return (f"Not every browser plays {', '.join(dict.fromkeys(odd))}: download the file if the player stays empty.",)


def _body(
    recording: Recording, waveform: Waveform | None, drawing: Drawing | None, facts: dict[str, Any], source: Source
) -> str:
    figures = {"Length": clock(recording.seconds), "Codec": str(facts["codec"]) or "unknown"}
    if facts.get("width"):
        figures["Picture"] = f"{facts['width']} × {facts['height']}"
    if facts.get("sample_rate"):
        figures["Sample rate"] = f"{facts['sample_rate']:,} Hz"
    if facts.get("channels"):
        figures["Channels"] = {1: "mono", 2: "stereo"}.get(facts["channels"], str(facts["channels"]))
    if facts.get("bit_rate"):
        figures["Bit rate"] = f"{facts['bit_rate'] / 1000:,.0f} kbit/s"
    figures["File"] = bytes_in_words(source.size)
    shown = verdict(figures)
    if waveform is not None and drawing is not None:
        shown += f"<h2>Waveform</h2>{figure(drawing.to_text())}<p>{_peak(waveform)}</p>"
    return shown + _tracks(recording)


def _peak(waveform: Waveform) -> str:
    loudest = f"Peak {20 * math.log10(waveform.peak):.1f} dBFS" if waveform.peak > 0 else "Silence"
    if waveform.frames_read < waveform.frames:
        return f"{loudest} in {waveform.frames_read:,} of {waveform.frames:,} samples that were read."
    return f"{loudest}, {waveform.frames:,} samples a channel."


def _tracks(recording: Recording) -> str:
    if not recording.tracks:
        return ""
    rows = [
        [
            str(number),
            track.type,
            clean(track.codec)[:60] or "unknown",
            f"{track.width} × {track.height}" if track.width else "",
            f"{track.sample_rate:,} Hz" if track.sample_rate else "",
            str(track.channels or ""),
            str(track.bits or ""),
        ]
        for number, track in enumerate(recording.tracks, 1)
    ]
    header = ["", "Track", "Codec", "Picture", "Sample rate", "Channels", "Bits"]
    return f"<h2>Tracks</h2>{table(header, rows)}"


def _thumbnail(recording: Recording, waveform: Waveform | None, facts: dict[str, Any], kind: str, alt: str) -> Drawing:
    drawing = Drawing(480, 300, label=alt)
    if waveform is not None:
        drawing.place('<g transform="translate(16 0)">')
        drawing.polygon(outline(waveform.channels[0], 448, 120, 104), css="accent")
        drawing.place("</g>")
    elif kind == "video":
        wide, high = _fitted(facts.get("width") or 16, facts.get("height") or 9, 300, 176)
        drawing.rectangle(240 - wide / 2, 112 - high / 2, wide, high, css="card", radius=8)
        drawing.polygon([(222, 84), (222, 140), (270, 112)], css="accent")
    else:
        drawing.circle(240, 112, 70, css="card")
        drawing.polygon([(222, 80), (222, 144), (276, 112)], css="accent")
    drawing.text(16, 262, clock(recording.seconds) if recording.seconds else recording.container, css="strong", size=34)
    drawing.text(464, 262, _right(recording, facts), css="muted", size=18, anchor="end", fit=300)
    return drawing


def _right(recording: Recording, facts: dict[str, Any]) -> str:
    size = f" · {facts['width']} × {facts['height']}" if facts.get("width") else ""
    codec = str(facts["codec"])
    return f"{recording.container}{f' · {codec}' if codec and codec != recording.container else ''}{size}"


def _fitted(width: float, height: float, most_width: float, most_height: float) -> tuple[float, float]:
    scale = min(most_width / width, most_height / height)
    return max(24.0, width * scale), max(24.0, height * scale)
