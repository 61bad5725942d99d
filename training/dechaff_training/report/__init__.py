"""Reports: terminal output and HTML pages."""
