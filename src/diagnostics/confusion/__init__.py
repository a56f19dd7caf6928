"""Whether verdicts hold: what the first steps said of members, beside where these ended."""
