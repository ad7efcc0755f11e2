"""Installs the stack's software: needs only Python's standard library, since it runs before anything is installed."""
