from __future__ import annotations

import hashlib
import json

from stack.paths import ROOT
from stack.showcase.samples import read_samples

FOLDER = ROOT / "examples" / "samples"


def test_every_file_is_there_with_the_bytes_that_the_manifest_promises() -> None:
    for sample in json.loads((FOLDER / "samples.json").read_text())["samples"]:
        for each in sample["objects"]:
            content = (FOLDER / each["path"]).read_bytes()
            assert (len(content), hashlib.sha256(content).hexdigest()) == (each["bytes"], each["sha256"])


def test_the_object_that_becomes_the_card_is_uploaded_last() -> None:
    bucket, samples = read_samples(FOLDER)
    assert bucket == "mlpipeline"
    assert any(len(sample.objects) > 1 for sample in samples)
    assert [sample.name for sample in samples if sample.objects[-1] != sample.main] == []


def test_an_etag_is_what_an_object_store_calls_the_bytes() -> None:
    _, samples = read_samples(FOLDER)
    main = samples[0].main
    assert main.etag == hashlib.md5(main.file.read_bytes()).hexdigest()
