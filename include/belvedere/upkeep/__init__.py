"""Rare work on the whole of catalog and buckets: restoring the one from the other, and clearing what nobody needs."""
