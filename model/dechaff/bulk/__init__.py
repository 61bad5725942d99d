"""Clean whole folders of JSON Lines, Parquet and WET files: on all cores, in bounded memory, resumable.

`import dechaff` does not import this package; what the extra `bulk` installs is imported on first use.
"""

from dechaff.bulk.run import clean_bulk
from dechaff.bulk.settings import Settings
from dechaff.bulk.summary import Summary

__all__ = ["Settings", "Summary", "clean_bulk"]
