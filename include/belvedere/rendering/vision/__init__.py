"""Pictures, annotations on them, maps, vector graphics, printed pages."""
