"""Steps for other engines."""
