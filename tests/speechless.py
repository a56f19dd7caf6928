"""An exception of a user's own, of which nothing can be said but its name."""


class SpeechlessError(ValueError):
    def __str__(self) -> str:
        raise LookupError("no words")
