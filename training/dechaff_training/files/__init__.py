"""Text, JSON and model files, paths, and progress bars."""
