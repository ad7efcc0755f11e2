"""The servers of the stack: how each is prepared, started, asked for its health."""
