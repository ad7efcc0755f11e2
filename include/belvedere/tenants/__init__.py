"""Tenants as one declared unit: observed, planned, applied, verified, rotated, removed."""
