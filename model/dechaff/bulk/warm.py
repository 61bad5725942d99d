"""Loads what all worker processes need, once, in the process that they are forked from.

Importing numba and linking the compiled functions takes two seconds, which no worker has to spend again. What is
there by then is never garbage: frozen, it is not looked through each time that a worker collects its own.
"""

import gc

from dechaff.artifact import default_model
from dechaff.cleaning import keep_content
from dechaff.kernels import using_compiled

with using_compiled(True):
    keep_content("Tables are built on first use.\nShare", default_model())
gc.collect()
gc.freeze()
