"""What is written for yes and no."""

from .word_list import WordList

_FLAG = WordList(
    {"Y": "Yes", "N": "No"},
    {"Y": ("yes", "true"), "N": ("no", "false")},
    also={"T": "Y", "1": "Y", "F": "N", "0": "N"},
)


def read_flag(text: str) -> bool | None:
    """Yes or no from ``Y``, ``yes``, ``1``, ``True``, ``a) Yes``, ``1 - Yes``, ...; None where the text is neither."""
    code = _FLAG.read(text)
    return None if code is None else code == "Y"
