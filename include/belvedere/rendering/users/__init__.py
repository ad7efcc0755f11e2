"""Users' own renderers: what their scripts ask for, and what they made."""
