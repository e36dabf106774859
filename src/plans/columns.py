"""The columns of each table, as data: type, title, description, and the national collection each comes from."""

from dataclasses import dataclass

TEXT, DATE, FLAG, COUNT = "string", "datetime64[us]", "boolean", "Int16"
"""The types of columns in memory; dates are midnights without a time zone."""


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes
    ----------
    kind : str
        Its type in memory.
    title, description : str
    census : str, optional
        The element of the CIN census that holds it, and its item number in the Common Basic Data Set.
    ssd : str, optional
        The field and item of the Standard Safeguarding Dataset that hold it.
    required : bool
        Whether every row must have a value.
    optional : bool
        Whether a table may come without the column, which then has no values: stores written before it existed do.
    """

    kind: str
    title: str
    description: str
    census: str | None = None
    ssd: str | None = None
    required: bool = False
    optional: bool = False

    @property
    def source(self) -> str:
        """Where the value comes from, in words."""
        parts = [f"CIN census: {self.census}"] if self.census else []
        parts += [f"SSD: {self.ssd}"] if self.ssd else []
        return "; ".join(parts) or "The authority's own records; in no national collection"


CHILD = "Message/Children/Child"
CIN = f"{CHILD}/CINdetails"
PLAN = f"{CIN}/ChildProtectionPlans"
LA_CODE = Column(
    TEXT, "Authority", "Three-digit DfE code; 000 where unknown", census="Message/Header/Source/LEA", required=True
)


def _child_id(ssd: str, census: str | None = f"{CHILD}/ChildIdentifiers/LAchildID (N00097)") -> Column:
    return Column(TEXT, "Child", "The child, unique within the authority", census=census, ssd=ssd, required=True)


COLUMNS = {
    "children": {
        "child_id": _child_id("pers_person_id (PERS001A)"),
        "family_id": Column(
            TEXT,
            "Family",
            "Identifier shared by siblings, unique within the authority",
            ssd="fami_family_id (FAMI001A)",
        ),
        "la_code": LA_CODE,
        "sex": Column(
            TEXT,
            "Sex",
            "1 male, 2 female, 0 not recorded or unborn, 9 indeterminate",
            census=f"{CHILD}/ChildIdentifiers/Sex (GenderCurrent until 2023-24)",
            ssd="pers_sex (PERS002A)",
        ),
        "date_of_birth": Column(
            DATE,
            "Date of birth",
            "Missing for a child not yet born",
            census=f"{CHILD}/ChildIdentifiers/PersonBirthDate",
            ssd="pers_dob (PERS005A)",
        ),
        "expected_date_of_birth": Column(
            DATE,
            "Expected date of birth",
            "Of a child not yet born",
            census=f"{CHILD}/ChildIdentifiers/ExpectedPersonBirthDate (N00098)",
            ssd="pers_expected_dob (PERS009A)",
        ),
        "ethnicity": Column(
            TEXT,
            "Ethnicity",
            "Census code",
            census=f"{CHILD}/ChildCharacteristics/Ethnicity",
            ssd="pers_ethnicity (PERS004A)",
        ),
        "disabilities": Column(
            TEXT,
            "Disabilities",
            "Census codes joined by semicolons, NONE for none; missing if not recorded",
            census=f"{CHILD}/ChildCharacteristics/Disabilities/Disability",
            ssd="disa_disability_code (DISA002A)",
        ),
        "date_of_death": Column(
            DATE,
            "Date of death",
            "Missing for a child not known to have died",
            census=f"{CHILD}/ChildIdentifiers/PersonDeathDate (N00108)",
            ssd="pers_death_date (PERS010A)",
        ),
    },
    "plans": {
        "plan_id": Column(
            TEXT,
            "Plan",
            "The source's identifier, else <la_code>-<child_id>-<start_date>",
            ssd="cppl_cp_plan_id (CPPL001A)",
            required=True,
        ),
        "child_id": _child_id("cppl_person_id (CPPL002A)"),
        "la_code": LA_CODE,
        "start_date": Column(
            DATE,
            "Start of the plan",
            "Day the child became the subject of the plan",
            census=f"{PLAN}/CPPstartDate (N00105)",
            ssd="cppl_cp_plan_start_date (CPPL003A)",
            required=True,
        ),
        "end_date": Column(
            DATE,
            "End of the plan",
            "Missing while the plan is open, or where the date is not usable",
            census=f"{PLAN}/CPPendDate (N00115)",
            ssd="cppl_cp_plan_end_date (CPPL004A)",
        ),
        "initial_category": Column(
            TEXT,
            "Category at the start",
            "NEG, PHY, SAB, EMO or MUL",
            census=f"{PLAN}/InitialCategoryOfAbuse (N00113)",
            ssd="cppl_cp_plan_initial_category (CPPL009A)",
        ),
        "latest_category": Column(
            TEXT,
            "Latest category",
            "NEG, PHY, SAB, EMO or MUL",
            census=f"{PLAN}/LatestCategoryOfAbuse (N00114)",
            ssd="cppl_cp_plan_latest_category (CPPL010A)",
        ),
        "previous_plans_reported": Column(
            COUNT,
            "Previous plans reported",
            "As delivered: a cross-check, never the truth",
            census=f"{PLAN}/NumberOfPreviousCPP (N00106)",
        ),
        "other_authority": Column(
            FLAG,
            "Plan of another authority",
            "Whether the plan belongs to another authority",
            ssd="cppl_cp_plan_ola (CPPL011A)",
        ),
    },
    "reviews": {
        "plan_id": Column(TEXT, "Plan", "The plan that was reviewed", ssd="cppr_cp_plan_id (CPPR002A)", required=True),
        "review_date": Column(
            DATE,
            "Date of the review",
            "Day of the review conference",
            census=f"{PLAN}/Reviews/CPPreviewDate (N00116)",
            ssd="cppr_cp_review_date (CPPR004A)",
            required=True,
        ),
        "quorate": Column(FLAG, "Quorate", "Whether enough agencies attended", ssd="cppr_cp_review_quorate (CPPR006A)"),
        "absent_agencies": Column(COUNT, "Absent agencies", "Number of invited agencies that did not attend"),
        "progress": Column(
            TEXT,
            "Progress",
            "What the review found of the plan's progress: good, some or poor; missing where it is not recorded",
            optional=True,
        ),
    },
    "care_episodes": {
        "child_id": _child_id("clae_person_id (CLAE002A)", census=None),
        "start_date": Column(
            DATE,
            "Start of care",
            "Day the child became looked after",
            ssd="clae_cla_episode_start_date (CLAE003A)",
            required=True,
        ),
        "end_date": Column(
            DATE,
            "End of care",
            "Missing while the child is looked after",
            ssd="clae_cla_episode_ceased_date (CLAE005A)",
        ),
        "la_code": LA_CODE,
    },
    "cin_episodes": {
        "child_id": _child_id("cine_person_id (CINE002A)"),
        "referral_date": Column(
            DATE,
            "Date of referral",
            "Day of the referral that opened the episode",
            census=f"{CIN}/CINreferralDate (N00100)",
            ssd="cine_referral_date (CINE003A)",
            required=True,
        ),
        "referral_source": Column(
            TEXT,
            "Source of referral",
            "Census code",
            census=f"{CIN}/ReferralSource",
            ssd="cine_referral_source_code (CINE004A)",
        ),
        "primary_need": Column(
            TEXT,
            "Primary need",
            "Census code",
            census=f"{CIN}/PrimaryNeedCode",
            ssd="cine_cin_primary_need_code (CINE010A)",
        ),
        "closure_date": Column(
            DATE,
            "Date of closure",
            "Missing while the episode is open",
            census=f"{CIN}/CINclosureDate",
            ssd="cine_close_date (CINE007A)",
        ),
        "closure_reason": Column(
            TEXT,
            "Reason for closure",
            "Census code; RC5 is transfer to another authority",
            census=f"{CIN}/ReasonForClosure (N00103)",
            ssd="cine_close_reason (CINE006A)",
        ),
        "la_code": LA_CODE,
    },
    "assessments": {
        "child_id": _child_id("cina_person_id (CINA002A)"),
        "start_date": Column(
            DATE,
            "Start of the assessment",
            "Day the assessment began",
            census=f"{CIN}/Assessments/AssessmentActualStartDate (N00159)",
            ssd="cina_assessment_start_date (CINA003A)",
            required=True,
        ),
        "authorisation_date": Column(
            DATE,
            "Authorisation of the assessment",
            "Day it was authorised; factors are known from then",
            census=f"{CIN}/Assessments/AssessmentAuthorisationDate (N00160)",
            ssd="cina_assessment_auth_date (CINA005A)",
        ),
        "factors": Column(
            TEXT,
            "Factors",
            "Census codes joined by semicolons; missing where none was recorded",
            census=f"{CIN}/Assessments/FactorsIdentifiedAtAssessment/AssessmentFactors (N00181)",
            ssd="cinf_assessment_factors_json (CINF002A)",
        ),
        "la_code": LA_CODE,
    },
    "conferences": {
        "child_id": _child_id("icpc_person_id (ICPC010A)"),
        "conference_date": Column(
            DATE,
            "Date of the conference",
            "Day of the initial child protection conference",
            census=f"{CIN}/DateOfInitialCPC, Section47/DateOfInitialCPC (N00110)",
            ssd="icpc_icpc_date (ICPC005A)",
            required=True,
        ),
        "section47_start": Column(
            DATE,
            "Start of the Section 47 enquiry",
            "Of the enquiry that led to the conference",
            census=f"{CIN}/Section47/S47ActualStartDate (N00148)",
            ssd="s47e_s47_start_date (S47E004A)",
        ),
        "transfer_in": Column(
            FLAG,
            "Transfer in",
            "Whether the conference took over a plan of another authority",
            ssd="icpc_icpc_transfer_in (ICPC003A)",
        ),
        "la_code": LA_CODE,
    },
    "involvements": {
        "child_id": _child_id("invo_person_id (INVO011A)", census=None),
        "worker_id": Column(
            TEXT,
            "Worker",
            "The authority's identifier of the worker",
            ssd="invo_professional_id (INVO006A)",
            required=True,
        ),
        "start_date": Column(
            DATE, "Start", "Day the worker took the case", ssd="invo_involvement_start_date (INVO002A)", required=True
        ),
        "end_date": Column(
            DATE, "End", "Missing while the worker has the case", ssd="invo_involvement_end_date (INVO003A)"
        ),
        "agency_worker": Column(
            FLAG, "Agency worker", "Whether an agency employs the worker", ssd="prof_agency_worker_flag (PROF014A)"
        ),
        "la_code": LA_CODE,
    },
    "extract": {
        "la_code": LA_CODE,
        "first_date": Column(
            DATE,
            "First day seen",
            "Plans that ended earlier are not in the extract",
            census="Message/Header/CollectionDetails/ReferenceDate, a year earlier",
        ),
        "extract_date": Column(
            DATE, "Last day seen", "Nothing later is known", census="Message/Header/CollectionDetails/ReferenceDate"
        ),
        "source": Column(TEXT, "Source", "Kind and name of the file, or the scenario of synthetic data", required=True),
    },
}
"""Table -> column -> what it is."""
