"""The errors that dechaff raises on purpose; each message says what to do."""


class DechaffError(Exception):
    """Base of every error that dechaff raises on purpose."""


class ArtifactError(DechaffError):
    """A model file cannot be trusted, read or used by this version."""


class CorpusError(DechaffError):
    """A corpus file is malformed; the message names the file and the line or record."""


class InputError(DechaffError):
    """An input is missing, unreadable or of the wrong type."""


class MissingExtraError(DechaffError):
    """An optional package is not installed; the message names the command that installs it."""
