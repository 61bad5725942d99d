"""The errors that dechaff raises deliberately; where there is a remedy, the message names it."""


class DechaffError(Exception):
    """Base class of all errors that dechaff raises deliberately."""


class ArtifactError(DechaffError):
    """A model file is unsafe, unreadable or of an unsupported version."""


class CorpusError(DechaffError):
    """A corpus file is malformed; the message names the file and the line or record, if there is one."""


class InputError(DechaffError):
    """An input is missing, unreadable or of the wrong type."""


class MissingExtraError(DechaffError):
    """An optional package is not installed; the message names the command that installs it."""
