"""The site of an address: its registered domain, by a rule that needs no list of all public suffixes."""

import re
from functools import lru_cache
from typing import Final

_HOST: Final = re.compile(r"^(?:[a-z][a-z0-9+.-]*:)?//(?:[^/?#@\\]*@)?([^/?#\\]*)", re.IGNORECASE)
_BARE_HOST: Final = re.compile(r"^([\w-]+(?:\.[\w-]+)+)\.?(?::\d+)?(?=[/?#]|$)")
_IPV4: Final = re.compile(r"[\d.]+")
# Second-level names below which countries register: bbc.co.uk, abc.net.au, asahi.or.jp.
_SECOND_LEVEL: Final = frozenset(
    ("ac", "co", "com", "edu", "go", "gob", "gouv", "gov", "govt", "gv", "ne", "net", "nom", "or", "org", "sch")
)  # fmt: skip
# Hosts whose every name below is a site of its own.
_SHARED: Final = frozenset(
    ("blogspot", "fc2", "github", "gitlab", "livejournal", "medium", "netlify", "over-blog", "pages", "substack",
     "tumblr", "typepad", "vercel", "weebly", "wixsite", "wordpress")
)  # fmt: skip
_COUNTRY_LETTERS: Final = 2
_MAX_HOST: Final = 253


@lru_cache(maxsize=4096)
def site_of(url: str | None) -> str | None:
    """Return the registered domain of an address; None if the address names no host.

    The domain has one label before the public suffix. Suffixes of two labels are recognised by their form, such as
    `co.uk`, and services that host many sites, such as `blogspot.com`, by name. Numbers of hosts stay as they are.

    Parameters
    ----------
    url : str or None

    Examples
    --------
    >>> site_of("https://www.post.example/2024/06/mill"), site_of("http://news.bbc.co.uk:80/1/hi")
    ('post.example', 'bbc.co.uk')
    >>> site_of("https://valley.blogspot.com/"), site_of("mailto:mill@post.example")
    ('valley.blogspot.com', None)
    """
    found = (_HOST.match(url) or _BARE_HOST.match(url)) if url else None
    host = found[1].strip().lower() if found else ""
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    host = host.partition(":")[0].strip(".").removeprefix("www.")
    if not host or len(host) > _MAX_HOST:
        return None
    labels = host.split(".")
    if _IPV4.fullmatch(host) or len(labels) <= 2:
        return host
    is_country = len(labels[-1]) == _COUNTRY_LETTERS
    n_suffix = 2 if (is_country and labels[-2] in _SECOND_LEVEL) or labels[-2] in _SHARED else 1
    if is_country and labels[-2] in _SECOND_LEVEL and labels[-3] in _SHARED:
        n_suffix = 3
    return ".".join(labels[-n_suffix - 1 :])
