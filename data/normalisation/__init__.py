"""One way to normalise text, for training and for serving, that keeps offsets into the original."""

from data.normalisation.arabizi import arabic_spelling, arabic_view
from data.normalisation.normalise import fold, normalise
from data.normalisation.spans import SpannedText

__all__ = ["SpannedText", "arabic_spelling", "arabic_view", "fold", "normalise"]
