"""Labelled articles and pages: reading, checking, aligning with golds."""
