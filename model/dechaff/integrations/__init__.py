"""Integrations with other engines; each module imports the package of its engine."""
