"""What a person can ask of the stack: one module a command."""
