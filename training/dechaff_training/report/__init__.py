"""Reports for people: the terminal and HTML."""
