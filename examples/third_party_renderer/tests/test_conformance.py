"""The renderer is what every renderer must be. Run: pytest examples/third_party_renderer (once it is installed)."""

from __future__ import annotations

from pathlib import Path

import pytest

from belvedere.testing import Check, Sample, conformance

HERE = Path(__file__).parent
SAMPLES = [
    Sample.file(HERE / "two.fasta"),
    Sample(b">sp|P69905|HBA_HUMAN Hemoglobin\nMVLSPADKTNVKAAWGKVGAHAGEYGAEALERMFLSFPTTKTYFPHF\n", "runs/1/hba.txt"),
]


@pytest.mark.parametrize("check", conformance("acme.fasta", SAMPLES), ids=str)
def test_it_conforms(check: Check) -> None:
    """Pass every check of the kit."""
    check()
