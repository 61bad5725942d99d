"""Many articles at once: files and engines."""
