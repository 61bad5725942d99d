"""Fitting: from a corpus to a model."""
