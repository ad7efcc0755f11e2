"""Metrics as Kubeflow and others write them: curves, matrices, slices, metadata."""
