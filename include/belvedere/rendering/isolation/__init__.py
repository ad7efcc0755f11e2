"""Shutting in: the child process that reads an artifact's bytes, and the one door to it."""
