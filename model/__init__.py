"""Text in, score out; and the bundle on disk."""
