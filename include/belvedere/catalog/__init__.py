"""What is known of each artifact: PostgreSQL, as named functions over SQL. An index only: MinIO can rebuild it."""
