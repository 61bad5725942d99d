"""From log-odds to decisions: thresholds, titles, lines shared by a site's pages."""
