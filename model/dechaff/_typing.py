"""Names of the array types that the library uses."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Probabilities, log-odds, sums.
Values = NDArray[np.float64]
#: Places, counts, and offsets of ragged rows.
Indices = NDArray[np.int64]
#: Features, shape (n_features, n_lines).
Matrix = NDArray[np.float32]
#: Single-precision numbers: weights, columns of features.
Floats = NDArray[np.float32]
#: Hashes of words, lines and phrases.
Hashes = NDArray[np.uint64]
Flags = NDArray[np.bool_]
#: Unicode code points, and other unsigned 32-bit numbers.
Codes = NDArray[np.uint32]
#: Class bits of characters, and other small integers.
Classes = NDArray[np.uint8]
#: Features by name, each of shape (n_lines,); flags are Booleans.
Columns = dict[str, NDArray[Any]]
