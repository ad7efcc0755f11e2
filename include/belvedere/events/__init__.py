"""What happens in the buckets, and how it reaches the catalog: decoding, ingestion, sweeps."""
