"""Values as plain data: a tree that JSON can hold, and numeric arrays beside it; none becomes code when read back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

TAG = "$type"
PackObject = Callable[[Any, str], dict[str, Any]]
UnpackObject = Callable[[Mapping[str, Any]], Any]


def pack(value: Any, arrays: dict[str, np.ndarray], pack_object: PackObject, where: str = "value") -> Any:
    """The JSON tree of a value; numeric arrays are added to ``arrays`` and named in the tree.

    Parameters
    ----------
    value : Any
        None, bool, number, str, list, tuple, dict, array of numbers or text, Index, Series, DataFrame, or what
        ``pack_object`` takes.
    arrays : dict of str to ndarray
    pack_object : callable
        ``pack_object(value, where)`` gives the tree of anything else (without a tag), or raises TypeError.
    where : str
        Name of the value, for error messages.

    Raises
    ------
    TypeError
        The value, or a part of it, is none of these.
    """

    def inner(part: Any, name: Any) -> Any:
        return pack(part, arrays, pack_object, f"{where}[{name}]")

    if value is None or isinstance(value, bool | np.bool_):
        return None if value is None else bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        number = float(value)
        return number if np.isfinite(number) else {TAG: "float", "value": repr(number)}
    if isinstance(value, str):
        return str(value)
    if isinstance(value, list):
        return [inner(item, position) for position, item in enumerate(value)]
    if isinstance(value, tuple):
        return {TAG: "tuple", "items": inner(list(value), "items")}
    if isinstance(value, Mapping):
        return {TAG: "dict", "items": [[inner(key, "key"), inner(item, key)] for key, item in value.items()]}
    if isinstance(value, np.ndarray):
        if value.dtype.kind in "biuf":
            name = f"array_{len(arrays)}"
            arrays[name] = value
            return {TAG: "array", "name": name}
        if value.dtype.kind in "UO":
            return {TAG: "objects", "shape": list(value.shape), "items": inner(value.ravel().tolist(), "items")}
    if isinstance(value, pd.MultiIndex):
        levels = [value.get_level_values(level) for level in range(value.nlevels)]
        return {TAG: "multiindex", "levels": inner(levels, "levels")}
    if isinstance(value, pd.Index):
        return {TAG: "index", "values": inner(value.to_numpy(), "values"), "label": inner(value.name, "name")}
    if isinstance(value, pd.Series):
        return {
            TAG: "series",
            "values": inner(value.to_numpy(), "values"),
            "index": inner(value.index, "index"),
            "label": inner(value.name, "name"),
        }
    if isinstance(value, pd.DataFrame):
        columns = [value.iloc[:, position].to_numpy() for position in range(value.shape[1])]
        return {
            TAG: "frame",
            "data": inner(columns, "data"),
            "columns": inner(value.columns, "columns"),
            "index": inner(value.index, "index"),
        }
    return {TAG: "object", **pack_object(value, where)}


def unpack(tree: Any, arrays: Mapping[str, np.ndarray], unpack_object: UnpackObject) -> Any:
    """The value that :func:`pack` described.

    Raises
    ------
    KeyError, TypeError, ValueError
        The tree is not one that :func:`pack` makes.
    """

    def inner(part: Any) -> Any:
        return unpack(part, arrays, unpack_object)

    if isinstance(tree, list):
        return [inner(item) for item in tree]
    if not isinstance(tree, dict):
        return tree
    tag = tree[TAG]
    if tag == "float":
        return {"nan": np.nan, "inf": np.inf, "-inf": -np.inf}[tree["value"]]
    if tag == "tuple":
        return tuple(inner(tree["items"]))
    if tag == "dict":
        return {inner(key): inner(item) for key, item in tree["items"]}
    if tag == "array":
        return arrays[tree["name"]]
    if tag == "objects":
        items = inner(tree["items"])
        values = np.empty(len(items), dtype=object)
        values[:] = items
        return values.reshape(tree["shape"])
    if tag == "multiindex":
        return pd.MultiIndex.from_arrays(inner(tree["levels"]))
    if tag == "index":
        return pd.Index(inner(tree["values"]), name=inner(tree["label"]))
    if tag == "series":
        return pd.Series(inner(tree["values"]), index=inner(tree["index"]), name=inner(tree["label"]))
    if tag == "frame":
        index = inner(tree["index"])
        columns = dict(enumerate(inner(tree["data"])))
        return pd.DataFrame(columns, index=index).set_axis(inner(tree["columns"]), axis=1)
    if tag == "object":
        return unpack_object(tree)
    raise ValueError("unknown type of value")
