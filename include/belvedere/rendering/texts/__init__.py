"""Text and what is written in it: logs, notebooks, web pages, XML, YAML, JSON."""
