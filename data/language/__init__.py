"""Which language and script a report is written in."""

from data.language.identify import LanguageIdentifier, load_identifier
from data.language.script import main_script, script_shares

__all__ = ["LanguageIdentifier", "load_identifier", "main_script", "script_shares"]
