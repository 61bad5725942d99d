"""What is known of sites: on how many documents of its site, and of all sites, a line stands."""

from dechaff.sites.addresses import site_of
from dechaff.sites.profile import SiteProfile

__all__ = ["SiteProfile", "site_of"]
