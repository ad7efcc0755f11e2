"""One file a kind: each module registers its renderer with ``belvedere.rendering.registry`` when it is imported."""
