"""The local stack without Docker: installs and runs every server Belvedere needs, under supervisord, on loopback.

``python -m stack install`` needs nothing but Python's standard library; every other command runs in ``.venv``.
"""
