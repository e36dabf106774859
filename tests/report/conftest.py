"""Reading documents back."""

import pytest


def every_text(value):
    """Every text of a document as data, but the names of its kinds."""
    if isinstance(value, dict):
        return [
            text for key, own in value.items() if key not in ("kind", "format", "facts") for text in every_text(own)
        ]
    if isinstance(value, list):
        return [text for own in value for text in every_text(own)]
    return [str(value)]


@pytest.fixture
def texts_of():
    return every_text
