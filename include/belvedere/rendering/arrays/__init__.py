"""NumPy's arrays: read without unpickling, summed up, drawn."""
