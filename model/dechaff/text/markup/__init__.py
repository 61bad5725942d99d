"""Markup: HTML pages and Markdown as the text that a model reads."""
