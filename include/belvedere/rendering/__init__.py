"""Rendering: bytes in, outputs out. No network, no store, no Airflow; whatever reads an artifact's bytes lives here."""
