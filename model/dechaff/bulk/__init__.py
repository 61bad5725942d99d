"""Cleans whole folders of JSON Lines, Parquet and WET files: on all cores, in bounded memory, and nothing is lost.

Nothing here is imported by `import dechaff`; what the extra `bulk` installs is imported when it is used.
"""

from dechaff.bulk.run import clean_bulk
from dechaff.bulk.settings import Settings
from dechaff.bulk.summary import Summary

__all__ = ["Settings", "Summary", "clean_bulk"]
