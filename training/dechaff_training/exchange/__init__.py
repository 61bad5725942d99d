"""Conversion of labels from and to the formats of other tools."""
