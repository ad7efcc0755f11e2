"""COCO annotations: how many of what, how large, what is broken, and a few images with their annotations on them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from belvedere.model.rendering import Sampled
from belvedere.rendering.pages.naming import file_name
from belvedere.rendering.pages.page import fact_list, verdict
from belvedere.rendering.pages.part import Part, as_rendering
from belvedere.rendering.registry import renderer
from belvedere.rendering.texts.plaintext import clean
from belvedere.rendering.vision.coco import Coco, Identity, read_coco
from belvedere.rendering.vision.coco_drawing import colour_of
from belvedere.rendering.vision.coco_images import SHOWN, candidates, choose, last_parts, members, references
from belvedere.rendering.vision.coco_page import category_table, grid, per_image_section, sheet, size_section, thumbnail
from belvedere.rendering.vision.coco_samples import Sample, draw_samples

if TYPE_CHECKING:
    from collections.abc import Mapping

    from belvedere.model.rendering import Limits, Rendering, Source

NAME, VERSION = "belvedere.coco", "1.0.0"
MOST_IN_FACTS = 2000
MOST_IN_CHART = 60


@renderer(NAME, version=VERSION, kinds=("coco",), references=references)
def render_coco(source: Source, limits: Limits) -> Rendering:
    """Show what a COCO file holds, on its images where they lie beside it."""
    coco = read_coco(source.path, last_parts(source), shown=SHOWN)
    colours = _colours(coco)
    chosen = _chosen(coco, source)
    samples = draw_samples(coco, chosen, colours, source, limits)
    rendering = as_rendering(_part(coco, samples, colours, source), name=NAME, version=VERSION)
    found = {sample.file_name: sample.related for sample in samples if sample.related is not None}
    names = (image.file_name for image in coco.images.values())
    return replace(rendering, members=members(source, names, found, limits.members))


def _chosen(coco: Coco, source: Source) -> list[Identity]:
    """Return the images to show: those that were looked for, else the first annotated ones."""
    looked_for = [
        image
        for image in coco.marks
        if image in coco.images
        and any(uri in source.related for uri in candidates(source, coco.images[image].file_name))
    ]
    if looked_for:
        return looked_for[:SHOWN]
    known = [image for image in coco.marks if image in coco.images] or list(coco.marks)
    return (known or choose(coco, SHOWN))[:SHOWN]


def _colours(coco: Coco) -> dict[Identity, str]:
    """Give categories colours in the file's order; of predictions, which list none, in the order of their ids."""
    listed = [*coco.categories, *sorted(coco.of_category.keys() - coco.categories.keys(), key=str)]
    return {category: colour_of(number) for number, category in enumerate(listed)}


def _counts(coco: Coco) -> dict[str, int]:
    """Return annotations by category name; two categories of one name are one."""
    counts: Counter[str] = Counter()
    for category, entry in coco.categories.items():
        counts[entry.name] += coco.of_category[category]
    if coco.predictions:
        counts.update(
            {f"category {clean(str(name))}": times for name, times in sorted(coco.of_category.items(), key=str)}
        )
    return dict(counts)


def _part(coco: Coco, samples: list[Sample], colours: Mapping[Identity, str], source: Source) -> Part:
    counts = _counts(coco)
    without = coco.without_annotations
    things = "predictions" if coco.predictions else "annotations"
    words = f"{coco.image_count:,} images · {coco.annotations:,} {things} · {len(counts):,} categories"
    found = sum(1 for sample in samples if sample.picture)
    alt = f"COCO {things}: {words.replace(' · ', ', ')}; {found} sample images with their {things} drawn on them."
    warnings = _warnings(coco, samples)
    return Part(
        kind="coco",
        title=file_name(source),
        lead=_lead(coco),
        alt_text=alt,
        facts={"coco": _facts(coco, counts, without)},
        body=_body(coco, samples, colours, counts, without),
        thumbnail=thumbnail(samples, coco, words),
        figure=sheet(samples, alt),
        chart=_chart(counts) if counts else None,
        data=_data(coco, counts, without),
        warnings=warnings,
        sampled=Sampled(len(samples), coco.image_count, "images drawn") if coco.image_count > len(samples) else None,
    )


def _lead(coco: Coco) -> str:
    if coco.predictions:
        return "Predictions in the COCO results format: categories are known by their ids alone."
    said = [coco.info.get("description", ""), coco.info.get("version", "")]
    return " · ".join(["COCO annotations", *(clean(" ".join(word.split()))[:200] for word in said if word)])


def _facts(coco: Coco, counts: dict[str, int], without: int) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "images": coco.image_count,
        "annotations": coco.annotations,
        "categories": dict(list(counts.items())[:MOST_IN_FACTS]),
        "with_segmentation": coco.features["with_segmentation"],
        "boxes": coco.features["boxes"],
        "images_without_annotations": without,
    }
    optional = ("crowd", "with_keypoints", "captions", "run_length_masks")
    facts |= {name: coco.features[name] for name in optional if coco.features[name]}
    if coco.sizes:
        facts["sizes"] = {name: coco.sizes[name] for name in ("small", "medium", "large")}
    if coco.segments:
        facts["segments"] = coco.segments
    if coco.predictions:
        facts["predictions"] = True
    if coco.problems.counts:
        facts["broken"] = dict(coco.problems.counts.most_common())
    return facts


def _warnings(coco: Coco, samples: list[Sample]) -> tuple[str, ...]:
    said = list(coco.problems.sentences())
    if coco.problems.unchecked:
        said.append("There are too many images to check every reference against.")
    missing = [sample.name for sample in samples if sample.picture is None and not coco.predictions]
    if missing and any(sample.picture for sample in samples):
        said.append(f"{len(missing)} of {len(samples)} sample images could not be shown: {', '.join(missing[:3])}.")
    elif missing:
        said.append("None of the sample images lies beside the file: annotations are drawn on empty canvases.")
    said += [f"{sample.name}: {sample.note}" for sample in samples if sample.note and sample.picture]
    said += [f"{sample.name}: {text}" for sample in samples for text in sample.broken[:2]]
    refused = [sample for sample in samples if "not followed" in sample.note]
    return tuple(dict.fromkeys([*said, *(f"{sample.name}: {sample.note}" for sample in refused)]))[:40]


def _body(
    coco: Coco, samples: list[Sample], colours: Mapping[Identity, str], counts: dict[str, int], without: int
) -> str:
    figures = {
        "Images": f"{coco.image_count:,}",
        "Predictions" if coco.predictions else "Annotations": f"{coco.annotations:,}",
        "Categories": f"{len(counts):,}",
        "With segmentation": f"{coco.features['with_segmentation']:,}",
    }
    named = {"with_keypoints": "With keypoints", "captions": "Captions", "crowd": "Crowds", "run_length_masks": "Masks"}
    figures |= {label: f"{coco.features[name]:,}" for name, label in named.items() if coco.features[name]}
    if without:
        figures["Images without annotations"] = f"{without:,}"
    rows = [
        (colours[category], entry.name, entry.supercategory, coco.of_category[category])
        for category, entry in coco.categories.items()
    ]
    rows = rows or [
        (colours[name], f"category {clean(str(name))}", "", times) for name, times in coco.of_category.items()
    ]
    rows.sort(key=lambda row: -row[3])
    shown = f"<h2>Samples</h2>{grid(samples, coco.features)}" if samples else grid(samples, coco.features)
    table = category_table(rows, sum(coco.of_category.values()))
    about = f"<h2>About</h2>{fact_list(coco.info)}" if coco.info else ""
    return verdict(figures) + shown + table + size_section(coco) + per_image_section(coco) + _score_note(coco) + about


def _score_note(coco: Coco) -> str:
    total = sum(coco.scores.values())
    if not total:
        return ""
    sure = sum(times for step, times in coco.scores.items() if step >= 10)
    return f"<h2>Scores</h2><p>{sure:,} of {total:,} predictions have a score of 0.5 or more.</p>"


def _data(coco: Coco, counts: dict[str, int], without: int) -> dict[str, Any]:
    images = Counter(coco.of_image.values())
    return {
        **_facts(coco, counts, without),
        "annotations_per_image": {str(value): images[value] for value in sorted(images)},
    }


def _chart(counts: dict[str, int]) -> dict[str, Any]:
    common = sorted(counts.items(), key=lambda item: -item[1])[:MOST_IN_CHART]
    return {
        "title": "Annotations by category"
        + (f", the {MOST_IN_CHART} commonest" if len(counts) > MOST_IN_CHART else ""),
        "width": 480,
        "data": {"values": [{"category": name, "annotations": times} for name, times in common]},
        "mark": {"type": "bar", "color": "#017cee"},
        "encoding": {
            "y": {"field": "category", "type": "nominal", "sort": "-x", "title": None},
            "x": {"field": "annotations", "type": "quantitative"},
            "tooltip": [{"field": "category", "type": "nominal"}, {"field": "annotations", "type": "quantitative"}],
        },
    }
