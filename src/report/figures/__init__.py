"""The report's pictures: an analysis in, matplotlib figures out; page and files share them."""
