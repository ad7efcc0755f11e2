"""Tables of every format: read, profiled, shown."""
