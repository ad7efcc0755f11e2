"""Artifacts to take away: a zip that says where everything in it comes from, signed, and its verification."""
