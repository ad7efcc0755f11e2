"""Models: read from their files without ever loading one."""
