"""Text, JSON, Parquet and model files, paths, and progress bars."""
