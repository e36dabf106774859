"""The data dictionary of a synthetic store, as Markdown made from the schema and the scenario."""

import json
from typing import Any

from ...plans.columns import COLUMNS
from ...plans.schema import CODES, TABLES
from ...plans.store import Plans

RECOVERY = """\
The store does not hold what a real extract would not: a child's latent severity, the family's frailty, the authority's
level. The command that made it gives them apart, and with them the stated effects come back within their standard
errors; without `severity` long plans look worse than they are.

```python
import secondplan as sp

plans, truth = sp.simulate_with_truth("{name}", n_children={n_children}, random_state={seed})
cohort = sp.build_cohort(plans)
X = truth.covariates(cohort)  # the features that have an effect, severity, and the known log hazard
model = sp.CoxPH(offset="known_log_hazard").fit(X, cohort.y, cluster=cohort.cluster)
model.summary_.join(truth.log_hazard_ratios(model))  # estimates beside true values
```"""
"""How to get the true parameters back from the data."""

TRUTH = (
    "Beside a store, never in it, `secondplan simulate` writes the folder `truth/`; `sp.read_truth` reads it, and "
    "`sp.simulate(...).truth` is the same in memory. No model, cohort or score reads it.",
    "",
    "- `truth.parquet`, one row per plan: severity, frailty and hazards; `incidence_<days>`, the risk given all of "
    "these; `observed_incidence_<days>`, the risk given what the child's record shows, frailty and severity "
    "integrated out.",
    "- `features.parquet`, one row per plan: the features that drive the hazard.",
    "- `counterfactuals.parquet`, one row per first plan: both risks had the plan been of 60, 140, 270, 500 or 900 "
    "days and all else as it was.",
    "- `faults.parquet`: which values `--missing` and `--wrong` changed, by table, row and column; true and stored "
    "value.",
    "- `effects.json`: true log hazard ratios, and the mean risk by plan length beside that of those who had such "
    "plans; `sums.parquet` is what the means come from.",
    "- `scenario.json`: every true parameter.",
    "",
    "`truth.plan_length_effect()` gives the true effect of plan length, and beside it the difference that the data "
    "show; `truth.strategy_effect()` the true risk had all plans ended by one strategy, such as not before three "
    "months; `truth.negative_control()` an outcome that no plan causes; `truth.expected_coefficients(cohort)` the "
    "coefficients to which a Cox model tends that does not see "
    "severity.",
    "",
    "The same scenario, number of children, seed and faults give the same values on every platform, in any number of "
    "processes.",
)
"""What the truth holds, for whoever checks models with it."""

LIMITS = (
    "Authorities keep their level and closing practice over the years, beside the scenario's trends, which all of them "
    "share; from year to year only the number of their first plans goes up and down.",
    "An assessment factor that is there stays: later plans of a child have the same factors.",
    "After a plan, a child is referred again only if a plan or care follows.",
    "Every initial conference leads to a plan.",
    "Hazards of a second plan are proportional, with Weibull shape; of calendar time only the day on which the plan "
    "ended matters.",
    "The hazard after a second or later plan counts siblings' plans of the same or a lower number: not a sibling's "
    "third plan that overlaps a second.",
    "Plans that ended before the window are not in the store. Those of siblings were in the hazard of plans that began "
    "before the window.",
)
"""What the simulation leaves out, for whoever analyses its data."""


def data_dictionary(plans: Plans) -> str:
    """Markdown: what the store is, each table's columns with type, meaning and source, and the true parameters.

    Parameters
    ----------
    plans : Plans
        A simulated store, with the scenario in its ``metadata``.
    """
    about = plans.metadata
    scenario = about["scenario"]
    lines = [
        "# Data dictionary of the synthetic plan store",
        "",
        f"{about['note']}",
        "",
        f"Scenario `{scenario['name']}` (seed {about['seed']}, {about['n_children']:,} children): "
        f"{scenario['description']} {_codes(scenario)}",
        "",
        "Each table is a Parquet file. Required columns have a value in every row. The source names the element of the "
        "children in need (CIN) census and the item of the Standard Safeguarding Dataset (SSD).",
        "",
    ]
    for table, columns in COLUMNS.items():
        lines += [f"## {table}", "", f"{TABLES[table]}; {len(plans.tables[table]):,} rows.", ""]
        lines += ["| column | type | required | meaning | source |", "|---|---|---|---|---|"]
        for name, column in columns.items():
            meaning = f"{column.title}. {column.description}"
            required = "yes" if column.required else ""
            lines.append(f"| {name} | {column.kind} | {required} | {_cell(meaning)} | {_cell(column.source)} |")
        lines.append("")
    lines += ["## Codes", ""]
    for name, codes in CODES.items():
        listed = "; ".join(f"`{code}` {label}" for code, label in codes.items())
        lines += [f"**{name}**: {listed}", ""]
    lines += [
        "## True parameters",
        "",
        "The simulation's own parameters, also in `datapackage.json`. *published*: printed in, or computed from, "
        "official statistics; *calibrated*: chosen so that simulated figures come near published ones; *assumed*: no "
        "published figure exists.",
        "",
        "| parameter | value | mark | source or reason |",
        "|---|---|---|---|",
    ]
    for name, parameter in scenario["parameters"].items():
        value = _cell(_value(parameter["value"]))
        lines.append(f"| {name} | {value} | {parameter['mark']} | {_cell(parameter['source'])} |")
    recovery = RECOVERY.format(name=scenario["name"], n_children=about["n_children"], seed=about["seed"])
    lines += ["", "## The truth", "", *TRUTH, "", "## Getting the true hazard ratios back", "", recovery]
    lines += ["", "## What is not simulated", "", *(f"- {limit}" for limit in LIMITS)]
    return "\n".join(lines) + "\n"


def _codes(scenario: dict[str, Any]) -> str:
    if scenario["parameters"]["authority_codes"]["value"]:
        return "Its code is that of the real authority; the children, families and workers are not real."
    return "Authorities have codes that no English authority has."


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_value(item)}" for key, item in value.items())
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list):
        return ", ".join(_value(item) for item in value)
    return value if isinstance(value, str) else json.dumps(value)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
