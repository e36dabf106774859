"""What an extract says of where its rows come from: ``kind: name``, as ``synthetic: england-2018``."""

import pandas as pd

SYNTHETIC = "synthetic"


def source_kinds(sources: pd.Series) -> tuple[str, ...]:
    """The kinds of sources that an extract names, each once; without names of files, which may name a person.

    Examples
    --------
    >>> source_kinds(pd.Series(["synthetic: england-2018", "CIN census: a.xml", "CIN census: b.xml"]))
    ('synthetic', 'CIN census')
    """
    return tuple(dict.fromkeys(str(source).partition(":")[0].strip() for source in sources.dropna()))
