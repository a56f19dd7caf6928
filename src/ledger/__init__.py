"""What a sweep is asked for and how far it has come: a row a member, in one SQLite file."""
