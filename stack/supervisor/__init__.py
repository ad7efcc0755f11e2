"""supervisord: its settings, the talk with it, and what it leaves to us."""
