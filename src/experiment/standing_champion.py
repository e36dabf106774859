"""The champion of the day in a new comparison: its recorded recipe, fitted again on the same rows and folds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sklearn.base import clone

from ..errors import BundleError, ModelNotFoundError

if TYPE_CHECKING:
    from ..evaluation import Comparison
    from ..models.estimator.base import IncidenceModel
    from ..plans import Cohort
    from ..tracking.evidence import PresentChampion

LABEL = "present champion"


@dataclass(frozen=True)
class StandingChampion:
    """The champion of the day.

    Attributes
    ----------
    uri, digest : str
        ``models:/NAME/VERSION`` and the digest of its bundle.
    recipe : IncidenceModel or None
        Not fitted; None where it cannot be fitted on this cohort.
    why_not : str
        The reason then.
    refreshed_by : str
        The model of the experiment that is the same recipe; empty where none is.
    """

    uri: str
    digest: str
    recipe: IncidenceModel | None
    why_not: str = ""
    refreshed_by: str = ""

    @property
    def name(self) -> str:
        """What its recipe is called in the comparison."""
        return self.refreshed_by or LABEL

    def added_to(self, models: Mapping[str, IncidenceModel]) -> dict[str, IncidenceModel]:
        """The models of the experiment, and the recipe where it is not among them."""
        return dict(models) if self.recipe is None or self.refreshed_by else {**models, LABEL: self.recipe}

    def against(self, comparison: Comparison, fitted: Mapping[str, IncidenceModel]) -> dict[str, PresentChampion]:
        """By model of the comparison: how it does against the champion."""
        from ..evaluation.fitted_facts import coefficients_of
        from ..tracking.evidence import PresentChampion, upper_difference

        why_not = self.why_not or comparison.failures.get(self.name, "")
        found = {}
        for name in comparison.table.index:
            own, its = (coefficients_of(fitted[key]) if key in fitted else None for key in (name, self.name))
            found[name] = PresentChampion(
                uri=self.uri,
                digest=self.digest,
                not_refitted=why_not,
                is_refresh=name == self.refreshed_by,
                **upper_difference(comparison.differences, name, self.name),
                is_simpler=own is not None and (its is None or own < its),
            )
        return found


def standing_champion(
    model_name: str, models: Mapping[str, IncidenceModel], cohort: Cohort, store: str
) -> StandingChampion | None:
    """The champion of ``model_name`` in the store, None where there is none."""
    from ..scoring.cases import required_columns
    from ..tracking import load_tracked_model, open_store
    from ..tracking.evidence import recipe_of
    from ..tracking.registry import marked_champion, present_champion

    opened = open_store(store)
    try:
        present = present_champion(model_name, opened)
    except (BundleError, ModelNotFoundError) as error:
        marked = marked_champion(model_name, opened) or ""
        return StandingChampion(marked, "", None, f"{error}; restore its files, or delete this version in MLflow")
    if present is None:
        return None
    uri, digest = present
    fitted = load_tracked_model(uri, store=opened)
    recipe = clone(fitted)
    recipes = {name: recipe_of(model) for name, model in models.items()}
    same = next((name for name, text in recipes.items() if text == recipe_of(recipe)), "")
    absent = [name for name in required_columns(fitted) if name not in cohort.X.columns]
    if absent:
        return StandingChampion(uri, digest, None, f"the cohort lacks the columns {', '.join(absent)}")
    return StandingChampion(uri, digest, recipe, refreshed_by=same)
