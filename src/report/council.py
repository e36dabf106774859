"""What only the council knows of a model's use: read from a small YAML file, whose gaps a model card shows."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from ..files.yaml_file import load_checked

NOT_STATED = "not stated by the council"
LONGEST = 4_000
# The marks of a text block in YAML that an empty template leaves.
EMPTY = ("", "~", "null")


def _asked(question: str) -> Any:
    return Field(default="", max_length=LONGEST, description=question)


class Council(BaseModel):
    """Answers of a council, each a text; what is left out or empty is a gap, and the card says so.

    Names are those of the Algorithmic Transparency Recording Standard where it asks; the last group is asked for by
    TRIPOD+AI. ``secondplan council-template`` writes the file to fill in, with the question of each field.

    Examples
    --------
    >>> stated = Council(team="Performance and Analysis")
    >>> len(stated.gaps) == len(Council.model_fields) - 1
    True
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    # Tier 1 of the transparency record
    name: str = _asked("What the tool is called in the council.")
    description: str = _asked("In two sentences for the public: how the tool is used, and why.")
    website_url: str = _asked("A page where people learn more about the tool.")
    contact_email: str = _asked("An address of the team, not of a person.")
    # Tier 2: owner and responsibility
    organisation_or_department: str = _asked("The council that is responsible for the use.")
    team: str = _asked("The team that is responsible for the use.")
    senior_responsible_owner: str = _asked("Name and role of the senior responsible owner.")
    external_supplier_involvement: str = _asked("Whether outside suppliers took part.")
    external_supplier: str = _asked("Who the suppliers are.")
    companies_house_number: str = _asked("Their Companies House numbers.")
    external_supplier_role: str = _asked("What they did.")
    procurement_procedure_type: str = _asked("How the contract was let.")
    data_access_terms: str = _asked("On what terms suppliers see the data.")
    # Tier 2: rationale and process
    benefit: str = _asked("What good the tool is expected to do, and for whom.")
    previous_process: str = _asked("How these decisions were made before.")
    alternatives_considered: str = _asked("What else was considered, with and without algorithms.")
    process_integration: str = _asked("Where in the work the risks are looked at, and what hangs on them.")
    frequency_and_scale_of_usage: str = _asked("How often it is used, and about how many children.")
    human_decisions_and_review: str = _asked("What people decide, and how they check the tool.")
    required_training: str = _asked("What users must learn first.")
    appeals_and_review: str = _asked("How a family can ask for a review.")
    phase: str = _asked("Idea, development, pilot, in use, or retired.")
    maintenance: str = _asked("How often it is reviewed and fitted again, and by whom.")
    # Tier 2: data and risks
    source_data_url: str = _asked("Where the data can be seen, if anywhere.")
    data_sharing_agreements: str = _asked("Agreements under which data were shared.")
    data_access_and_storage: str = _asked("Who has access, for how long, and how the data are kept safe.")
    impact_assessment: str = _asked("Data protection, equality and other assessments, with dates.")
    risks_and_mitigations: str = _asked("Risks seen locally, and what is done about them.")
    # Asked for by TRIPOD+AI
    inequalities: str = _asked("Known differences between groups of children in this area.")
    services: str = _asked("Support that families had during and after plans.")
    ethical_approval: str = _asked("Who approved the study, or why nobody had to.")
    funding: str = _asked("Who paid for the work, and what part they had in it.")
    conflicts_of_interest: str = _asked("Interests of those who made the model.")
    protocol: str = _asked("Where the plan of the study can be read.")
    registration: str = _asked("Where the study is registered.")
    data_sharing: str = _asked("Whether and how others can use the data.")
    public_involvement: str = _asked("How families and the public took part.")
    next_steps: str = _asked("What is planned next: pilots, outside tests, reviews.")

    def stated(self, field: str) -> str:
        """What the council says, or an empty text."""
        text = " ".join(str(getattr(self, field)).split())
        return "" if text.lower() in EMPTY else text

    @property
    def gaps(self) -> tuple[str, ...]:
        """The fields that are not stated."""
        return tuple(name for name in type(self).model_fields if not self.stated(name))


def read_council(path: str | os.PathLike[str]) -> Council:
    """Read a council's answers.

    Parameters
    ----------
    path : path
        A YAML file of texts by field.

    Returns
    -------
    Council

    Raises
    ------
    InputError
        The file is missing, is not YAML, or has a field that is not known: the message names the file and the field.
    """
    shape = "a council's answers are a mapping of names to texts; secondplan council-template writes one"
    return load_checked(Path(path), Council, shape, as_text=True)


def council_template() -> str:
    """An empty file of answers, each with its question.

    Returns
    -------
    str
        YAML.

    Examples
    --------
    >>> council_template().splitlines()[4]
    'name:'
    """
    lines = [
        "# What only the council knows, for the model card. Leave empty what is not known: the card shows the gap.",
        "# Long answers: put | after the colon and indent the lines below. No child, family or case may be named here.",
        "",
    ]
    for name, field in Council.model_fields.items():
        lines += [f"# {field.description}", f"{name}:"]
    return "\n".join(lines) + "\n"
