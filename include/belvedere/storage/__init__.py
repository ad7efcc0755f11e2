"""Provisioning of storage: what should be, what is, the plan between them, its execution, and a probe as the proof."""
