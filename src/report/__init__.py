"""Reading finished runs. Needs no torch: reports are fast and old runs stay readable."""
