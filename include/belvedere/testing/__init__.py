"""The conformance kit: what every renderer must be, as checks to run on real samples with pytest or without.

    from belvedere.testing import Sample, conformance

    SAMPLES = [Sample.file("tests/data/two.fasta")]

    @pytest.mark.parametrize("check", conformance("acme.fasta", SAMPLES), ids=str)
    def test_conforms(check):
        check()

A check returns nothing, or raises ``NotConforming`` with a sentence that says what is wrong.
"""

from __future__ import annotations

from belvedere.testing.conformance import Check, NotConforming, conformance
from belvedere.testing.costs import Cost, cost_of
from belvedere.testing.samples import Sample

__all__ = ["Check", "Cost", "NotConforming", "Sample", "conformance", "cost_of"]
