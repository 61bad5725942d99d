"""Text to lines and words: arrays over one buffer of code points."""
