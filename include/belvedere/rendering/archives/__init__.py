"""Archives: listed and read without ever being unpacked to disk."""
