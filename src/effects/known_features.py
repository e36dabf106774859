"""Which features of a cohort were known before the length of the plan was."""

from collections.abc import Iterable

OF_THE_CHILD = ("sex", "ethnicity_group", "disabled", "initial_category", "n_previous_referrals", "n_previous_episodes")
FACTORS = "factor_"


def known_at_start(columns: Iterable[str]) -> list[str]:
    """The columns that describe the child and the case as the plan began, in the order of :data:`OF_THE_CHILD`."""
    given = list(columns)
    return [name for name in OF_THE_CHILD if name in given] + [name for name in given if name.startswith(FACTORS)]
