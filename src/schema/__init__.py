"""The types and ranges of the configuration, group by group. Imports no torch."""
