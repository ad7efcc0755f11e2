"""What things are: frozen dataclasses without I/O, shared by every other room."""
