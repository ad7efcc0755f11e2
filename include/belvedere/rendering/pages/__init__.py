"""What every page is made of: its frame, its style, numbers, names, trees, code."""
