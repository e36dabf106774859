"""Reading a text as a census code, by the column of the schema that holds it: the one way for every format."""

from .child import DISABILITY, SEX
from .ethnicities import ETHNICITY
from .factors import FACTOR
from .flags import read_flag
from .plan_and_need import CLOSURE_REASON, PRIMARY_NEED, PROGRESS, read_category
from .referral_sources import REFERRAL_SOURCE

__all__ = ["READ", "READ_SEVERAL", "read_flag"]

READ = {
    "sex": SEX.read,
    "ethnicity": ETHNICITY.read,
    "initial_category": read_category,
    "latest_category": read_category,
    "progress": PROGRESS.read,
    "referral_source": REFERRAL_SOURCE.read,
    "primary_need": PRIMARY_NEED.read,
    "closure_reason": CLOSURE_REASON.read,
}
"""Column of one code -> what reads it: text to the code, or None where the text is not beyond doubt."""

READ_SEVERAL = {"disabilities": DISABILITY.read_all, "factors": FACTOR.read_all}
"""Column of several codes -> what reads them: text to the codes, and the parts that were not read."""
