"""What is different between artifacts: numbers, curves, matrices, tables, texts. Plain values in, plain values out."""
