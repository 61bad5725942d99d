"""Numbers of things in messages."""


def count(number: int, noun: str) -> str:
    """Return a number with its noun in the singular or plural.

    Examples
    --------
    >>> count(1, "site"), count(2000, "line"), count(0, "error")
    ('1 site', '2,000 lines', '0 errors')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
