"""Corpora, fitting, evaluation and the command line; it imports dechaff, never the reverse."""
