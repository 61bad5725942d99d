"""Files, paths and progress, shared by all rooms."""
