"""The catalog's schema, forward-only."""
