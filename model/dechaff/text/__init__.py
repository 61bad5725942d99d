"""Division of texts into lines and words, as arrays of offsets into one buffer of code points."""
