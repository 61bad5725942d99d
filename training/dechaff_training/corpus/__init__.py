"""Labelled articles and pages: reading, checking, alignment with gold bodies."""

from dechaff.explain.kinds import KINDS
from dechaff_training.corpus.articles import (
    BOILERPLATE,
    CONTENT,
    MASKED,
    Article,
    format_labelled,
    parse_labelled,
)
from dechaff_training.corpus.checks import Finding, check_paths
from dechaff_training.corpus.corpus import Corpus, read_corpus
from dechaff_training.files.paths import find_files

__all__ = [
    "BOILERPLATE",
    "CONTENT",
    "KINDS",
    "MASKED",
    "Article",
    "Corpus",
    "Finding",
    "check_paths",
    "find_files",
    "format_labelled",
    "parse_labelled",
    "read_corpus",
]
