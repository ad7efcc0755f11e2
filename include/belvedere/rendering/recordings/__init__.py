"""Sound and video: what their headers say."""
