"""FASTA files in Belvedere's gallery."""
