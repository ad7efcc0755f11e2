"""Thin adapters to the systems around: the only place that imports their SDKs and knows their errors."""
