"""Corpora, fitting, evaluation and the command line; it imports dechaff, never the reverse."""

import sys

from dechaff_training._moved import LazyMovedModules

sys.meta_path.insert(0, LazyMovedModules)
