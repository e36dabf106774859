"""Which children are siblings, from links of two kinds: one family, one mother."""

import numpy as np
import pandas as pd

from ...families import LARGEST_FAMILY


def link_siblings(persons: pd.Series, families: pd.DataFrame, mothers: pd.DataFrame) -> pd.Series:
    """The family of each person: who is linked through a family or a mother, directly or through others, is in one.

    Parameters
    ----------
    persons : Series of n_persons str
        Identifiers, unique within the authority.
    families, mothers : DataFrame of str
        ``person``, ``group``: the identifier of a family, or of a mother, of each person; persons that are not in
        ``persons``, and rows without either, are passed over. A group of more than `LARGEST_FAMILY` persons is a
        placeholder of the source, and links nobody.

    Returns
    -------
    Series of n_persons str
        With the index of ``persons``: the least of the family identifiers of all who are linked, or ``mother <id>`` of
        the least of the mothers; missing where a person has neither.

    Examples
    --------
    >>> families = pd.DataFrame({"person": ["a", "b"], "group": ["F1", "F2"]})
    >>> mothers = pd.DataFrame({"person": ["b", "c"], "group": ["m", "m"]})
    >>> link_siblings(pd.Series(["a", "b", "c", "d"]), families, mothers).fillna("none").tolist()
    ['F1', 'F2', 'F2', 'none']
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    place = pd.Series(range(len(persons)), index=persons.array)
    place = place[~place.index.duplicated()]
    links = pd.concat([families.assign(kind=0), mothers.assign(kind=1)], ignore_index=True).dropna()
    links = links[links["person"].isin(place.index)].drop_duplicates(["kind", "group", "person"])
    size = links.groupby(["kind", "group"])["person"].transform("size")
    links = links[size <= LARGEST_FAMILY]
    if links.empty:
        return pd.Series(pd.NA, index=persons.index, dtype="string")
    group = links.groupby(["kind", "group"]).ngroup().to_numpy()
    person = place[links["person"]].to_numpy()
    n_persons, n_groups = len(persons), int(group.max()) + 1
    edges = coo_array(
        (np.ones(len(links), dtype=np.int8), (person, n_persons + group)), shape=(n_persons + n_groups,) * 2
    )
    _, component = connected_components(edges, directed=False)
    names = links["group"].where(links["kind"] == 0, "mother " + links["group"])
    # Families stand before mothers, whatever their names.
    named = pd.DataFrame({"component": component[person], "kind": links["kind"].to_numpy(), "name": names.to_numpy()})
    least = named.sort_values(["kind", "name"]).drop_duplicates("component").set_index("component")["name"]
    by_place = pd.Series(component[: len(persons)]).map(least)
    return pd.Series(by_place.array, index=persons.index, dtype="string")
