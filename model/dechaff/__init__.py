"""Labels each line of an article's text as content or boilerplate, with a linear model that says why."""

import logging
import sys

from dechaff._moved import MOVED, MovedModules
from dechaff.api import classify_lines, clean_article, clean_html, clean_markdown, keep_content
from dechaff.arrays import clean_array, clean_htmls, label_array
from dechaff.errors import ArtifactError, CorpusError, DechaffError, InputError, MissingExtraError
from dechaff.explain.contributions import Reason
from dechaff.explain.sentences import Why
from dechaff.linear.artifact import default_model, inspect_model, load_model, save_model
from dechaff.linear.line_model import LineModel
from dechaff.results import CleanedArticle, LabelledLine
from dechaff.sites import SiteProfile
from dechaff.text.lines import LineBatch, split_lines
from dechaff.text.markup.markdown import is_markdown

__all__ = [
    "ArtifactError",
    "CleanedArticle",
    "CorpusError",
    "DechaffError",
    "InputError",
    "LabelledLine",
    "LineBatch",
    "LineModel",
    "MissingExtraError",
    "Reason",
    "SiteProfile",
    "Why",
    "classify_lines",
    "clean_array",
    "clean_article",
    "clean_html",
    "clean_htmls",
    "clean_markdown",
    "default_model",
    "inspect_model",
    "is_markdown",
    "keep_content",
    "label_array",
    "load_model",
    "save_model",
    "split_lines",
]
__version__ = "0.1.0"
logging.getLogger("dechaff").addHandler(logging.NullHandler())
# Insert before all other finders: otherwise the path finder would load the modules of a moved package a second
# time, under their old names.
sys.meta_path.insert(0, MovedModules(MOVED))
