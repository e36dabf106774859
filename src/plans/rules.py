"""The rules that findings name: what each code means, in plain words, and what to do about it."""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True)
class Rule:
    """What a finding's code means.

    Attributes
    ----------
    severity : "error", "warning" or "note"
        Whether records are lost or wrong, may mislead, or are only worth knowing.
    meaning : str
    advice : str
        What the reader of the report can do.
    """

    severity: Severity
    meaning: str
    advice: str


_CORRECT = "Correct the record in the case system and read a new extract."

RULES = {
    # One value of a row
    "value-required": Rule(
        "error", "A value without which the record cannot be used is missing; the record is left out.", _CORRECT
    ),
    "date-unreadable": Rule(
        "error",
        "A date is not a date, or is outside 1900 to 2199; it counts as missing; a record that needs it is left out.",
        _CORRECT,
    ),
    "date-reformatted": Rule(
        "note",
        "A date came in another form than yyyy-mm-dd (day first, with a time, a year of two digits, a spreadsheet "
        "number) and was converted.",
        "None, if the source writes the day before the month.",
    ),
    "dates-month-first": Rule(
        "error",
        "A column of dates seems to have the month before the day: no day is above 12, but for dates that can only be "
        "so. The others were read with the day first, and may be wrong.",
        "Save the file with dates as yyyy-mm-dd or dd/mm/yyyy, and read it again.",
    ),
    "placeholder": Rule(
        "note",
        "A word, date or spreadsheet error that stands for no value (NULL, N/A, No Trace, 1 January 1900; #REF! or TBC "
        "for an identifier) counts as missing.",
        "None, if nothing was recorded.",
    ),
    "code-recoded": Rule(
        "note",
        "A code came in another form (words, a letter prefix, small letters) and was brought to the census code.",
        "None.",
    ),
    "code-unknown": Rule(
        "warning",
        "A code is not in the census code list; it counts as missing.",
        "See whether the source uses a local code; map it to the census code before reading.",
    ),
    "number-unreadable": Rule("warning", "A count is not a whole number; it counts as missing.", _CORRECT),
    "identifier-reformatted": Rule(
        "note",
        "An identifier came as a decimal number (1234.0) and was taken as a whole one, as in other tables.",
        "None.",
    ),
    "number-negative": Rule("warning", "A count is negative; it counts as missing.", _CORRECT),
    # One record
    "child-id-missing": Rule(
        "error",
        "A record has no identifier of its child (LAchildID), so it cannot be linked; it is left out.",
        "Give every child its identifier in the source and read it again.",
    ),
    "child-missing": Rule(
        "error",
        "A record stands outside any child, so nobody knows whose it is; it is left out.",
        "Repair the file's structure: the record belongs inside a Child element.",
    ),
    "child-not-described": Rule(
        "warning",
        "The records of a child come without a row about the child itself: sex, birth and family are unknown.",
        "Read the table of children (persons) that belongs to these records.",
    ),
    "plan-missing": Rule(
        "error", "A review names a plan that is not in the data, or none; it is left out.", "Read the plans too."
    ),
    "child-not-in-plans": Rule(
        "note",
        "A period in care is of a child whom the plans do not hold; it is left out.",
        "None: most children in care have no plan. Where nearly all are left out, see how the two number children.",
    ),
    "no-child-matched": Rule(
        "error",
        "No child of the care data is in the plans: the two number children differently, or are of other authorities.",
        "Use the identifiers that the plans have.",
    ),
    "birth-date-differs": Rule(
        "warning",
        "A child's date of birth in the care data is another than in the plans: one identifier may stand for two.",
        _CORRECT,
    ),
    "short-break": Rule(
        "note",
        "An episode of an agreed series of short breaks (legal status V3, V4) is no period in care; it is left out.",
        "None.",
    ),
    "episode-left-open": Rule(
        "note",
        "An episode in care has no end though another follows it; it counts as ending when the next begins.",
        "None.",
    ),
    "care-not-covered": Rule(
        "warning",
        "The care data end more than three months before the plans do: later entries into care are not seen.",
        "Read the return of the last year too.",
    ),
    "plan-id-shared": Rule(
        "warning",
        "Several plans have one identifier; they are told apart by authority, child and start instead.",
        "See how the source numbers its plans, and whether plans were entered twice.",
    ),
    "start-corrected": Rule(
        "warning",
        "A plan (by its identifier) starts on another day in a later extract; the later extract is believed.",
        "Where many starts change, ask what was corrected and why.",
    ),
    "plan-left-out": Rule("error", "A review belongs to a plan that was left out; so is the review.", _CORRECT),
    "birth-date-missing": Rule(
        "warning",
        "A child has neither a date of birth nor an expected one: age and the 18th birthday are unknown.",
        _CORRECT,
    ),
    "duplicate-row": Rule(
        "note",
        "A record occurs more than once in one extract; the copies are joined, a given value wins over a missing one.",
        "None, if the copies agree.",
    ),
    "duplicate-differs": Rule(
        "warning",
        "A record occurs more than once in one extract with different values; the copies are joined, the last wins.",
        "Remove the wrong copy in the case system.",
    ),
    "carried-forward": Rule(
        "note", "A record of an earlier extract comes again in a later one; the two are joined.", "None."
    ),
    "carried-forward-changed": Rule(
        "note",
        "A record of an earlier extract comes again with another value; the later extract's value is kept.",
        "Where many start dates, ends or categories change, ask what was corrected and why.",
    ),
    "plan-reopened": Rule(
        "warning",
        "A plan that had ended in an earlier extract is open in a later one; the later one is believed.",
        "See whether the plan was ended by mistake, or a second plan was entered under the first one's start date.",
    ),
    "plan-not-carried-forward": Rule(
        "warning",
        "A plan was open at the end of a year (or extract) and does not come again in the next: its end is unknown.",
        "Find its end in the case system; until then the plan counts as open.",
    ),
    "end-before-start": Rule(
        "error",
        "A plan ends before it starts; its start is kept, as it tells that the child had a plan, and its end "
        "counts as missing.",
        _CORRECT,
    ),
    "same-day": Rule(
        "warning", "A plan starts and ends on one day.", "See whether it was a plan at all; it is kept as one."
    ),
    "plans-overlap": Rule(
        "warning",
        "A child's plan starts before the plan before it has ended; both are kept, and one period on a plan is made of "
        "them when children are followed.",
        "End the plan that was replaced, or remove the copy, in the case system.",
    ),
    "several-open-plans": Rule(
        "warning",
        "A child has more than one open plan; all are kept, and one open period on a plan is made of them when "
        "children are followed.",
        "End the plans that are not current in the case system.",
    ),
    "start-long-before-birth": Rule(
        "warning",
        "A plan starts more than 300 days before the child's birth or expected birth: not even an unborn child's can.",
        "Correct the date of birth or the plan's start.",
    ),
    "start-after-eighteen": Rule(
        "warning", "A plan starts on or after the 18th birthday.", "Correct the date of birth or the plan's start."
    ),
    "after-death": Rule(
        "warning", "A plan starts or ends after the child's death.", "Correct the date of death or the plan."
    ),
    "after-extract": Rule(
        "warning",
        "A date lies after the end of the time that its extract covers.",
        "See whether the date or the file's reference date is wrong; what lies after the extract date is not used.",
    ),
    "before-extract": Rule(
        "warning",
        "A plan ended before the time that its extract covers, so it should not be in it.",
        "See whether the plan's end or the file's reference date is wrong. Such plans are only some of those that "
        "ended then, so children are not followed from them unless that year's file was read too.",
    ),
    "category-missing": Rule(
        "warning", "A plan has no category of abuse at its start, or no latest one.", "Record the category."
    ),
    "previous-plans-missing": Rule(
        "note", "The number of previous plans is not given.", "None: the sequence of plans comes from dates."
    ),
    "previous-plans-implausible": Rule(
        "note",
        "The reported number of previous plans is 10 or more.",
        "None: the sequence of plans comes from dates.",
    ),
    "previous-plans-differ": Rule(
        "note",
        "Fewer previous plans are reported than the data hold.",
        "None: the sequence of plans comes from dates. Systems that look back six years report fewer.",
    ),
    "previous-plans-unseen": Rule(
        "note",
        "More previous plans are reported than the data hold: an earlier plan is before the data begin, or elsewhere.",
        "Read earlier years, if they exist; the first plan in the data may not be the child's first.",
    ),
    "review-not-after-start": Rule(
        "error", "A review is on or before the plan's start, which no review can be; it is left out.", _CORRECT
    ),
    "review-after-end": Rule(
        "warning", "A review is after the plan's end.", "See whether the plan's end or the review's date is wrong."
    ),
    "closure-before-referral": Rule(
        "warning",
        "An episode of need closes before its referral; the closure date counts as missing.",
        _CORRECT,
    ),
    "record-unlinked": Rule(
        "warning",
        "A row adds to a child or an assessment that is not in the data; it is left out.",
        "See whether both tables are of one extract.",
    ),
    "not-held": Rule(
        "note",
        "A conference or review has no day: it was planned, not held, or its day was not recorded; it is left out.",
        "None, unless days are missing in the case system.",
    ),
    "record-malformed": Rule(
        "error",
        "An entry is not an object with names and values where a record is expected; it is left out.",
        "Repair the program that writes the file.",
    ),
    "record-withdrawn": Rule(
        "note", "A record is marked to be deleted (purge), or is part of one that is; it is left out.", "None."
    ),
    "value-mistyped": Rule(
        "warning",
        "An array or object stands where a single value is expected; it counts as missing.",
        "Repair the program that writes the file.",
    ),
    "episode-joined": Rule(
        "note",
        "An episode or placement in care follows another without a gap; they are one period in care.",
        "None.",
    ),
    "period-end-before-start": Rule(
        "warning",
        "A period in care or with a worker ends before it starts; its end counts as missing.",
        _CORRECT,
    ),
    # Whole files and the data as a whole
    "no-plan-kept": Rule(
        "error",
        "The source has child protection plans, but every one was left out: nothing can be analysed or scored.",
        "See which rules left them out, and correct the file; a whole column is then mostly wrong.",
    ),
    "no-plans": Rule(
        "error",
        "There is no child protection plan, so nothing can be analysed or scored.",
        "See whether the extract was made with the child protection module.",
    ),
    "authority-unknown": Rule(
        "warning",
        "The file does not say which authority it comes from; its children are filed under 000.",
        "Give la_code (--la-code) when reading. Never read several unknown authorities together: children would mix.",
    ),
    "year-inferred": Rule(
        "warning",
        "The file does not say which year it covers; the year was taken from the latest date in it.",
        "Give year (--year) when reading.",
    ),
    "year-differs": Rule(
        "warning",
        "The header's reference date is the 31 March of another year than its year; the one that the dates in the file "
        "fit was taken, else the year.",
        "Correct the file's header.",
    ),
    "reference-date-differs": Rule(
        "warning",
        "The header's reference date is not 31 March of the census year; 31 March was taken.",
        "Correct the file's header, which often has the day of the export there; see whether the file is of that year.",
    ),
    "return-replaced": Rule(
        "warning",
        "A later return of the same authority and year was read too, by the time or number in its header; it replaces "
        "this one, of which nothing is used.",
        "None, if the later return is whole.",
    ),
    "return-order-unknown": Rule(
        "warning",
        "Another return of the same authority and year was read too, and their headers do not tell which is the later "
        "(DateTime, SerialNo); they were read together, as parts of one return.",
        "Leave out the return that was replaced; if they are parts of one, none.",
    ),
    "year-not-over": Rule(
        "warning",
        "The file covers a year that is not over; its last day was taken to be the day of reading.",
        "Read the final file once the year is over, or correct the header's reference date.",
    ),
    "extract-date-inferred": Rule(
        "warning",
        "The file does not say on which day it was extracted; the day was taken from the latest date in it.",
        "Give the extract date (--extract-date), or put it into the file's name: what was open on that day, and who "
        "was under observation, depends on it.",
    ),
    "row-ragged": Rule(
        "warning",
        "A row has more cells than there are headings: a separator inside a value, or a broken line.",
        "See the row in the file; save it again with quotation marks around texts.",
    ),
    "no-column-of-ends": Rule(
        "error",
        "A list has no column of last days, so that each of its records (plans, periods in care, episodes of need) "
        "counts as open.",
        "See how the column of end dates is called in the file, and give it the heading of the format.",
    ),
    "heading-repeated": Rule(
        "warning", "Two columns have the same heading; the first was taken.", "Remove or rename the other column."
    ),
    "list-missing": Rule(
        "warning",
        "An extract holds no list of child protection plans.",
        "See whether List 7 is in another file; read it together with the others.",
    ),
    "collection-differs": Rule(
        "warning",
        "The file's header names another collection than the children in need census.",
        "See whether it is the right file.",
    ),
    "value-repeated": Rule(
        "warning",
        "A record holds a value twice that it can have once, and the two differ; the last one was taken.",
        "See whether two records were written as one, above all two plans as one ChildProtectionPlans.",
    ),
    "year-missing": Rule(
        "warning",
        "Time between the first and the last extract is covered by none: plans that ended in it are unseen.",
        "Read the files of that time too.",
    ),
    "encoding-assumed": Rule(
        "note",
        "The file's bytes are not of the encoding that it declares; they were read as Latin-1.",
        "None, unless identifiers hold letters with accents.",
    ),
    "unknown-elements": Rule(
        "note", "Elements that this version does not know were skipped.", "None, unless plans were expected in them."
    ),
    "stray-text": Rule("note", "Text between elements was ignored.", "None."),
    # What limits an analysis
    "no-care-data": Rule(
        "warning",
        "There are no periods in care: a child who entered care, and so rarely gets a plan, counts as still at risk.",
        "Join care episodes (SSDA903, SSD, Annex A List 8), or say in the report that care is not seen.",
    ),
    "no-family-links": Rule(
        "warning",
        "No child has a family identifier: siblings cannot be kept together, and intervals are too narrow.",
        "Join family or sibling links (SSD) where the authority has them.",
    ),
    "no-closure-reasons": Rule(
        "warning",
        "No episode has a reason for closure: transfers to another authority, death and adoption are not seen.",
        "Read episodes of need with their closure reasons.",
    ),
    "no-reviews": Rule(
        "note", "There are no reviews: features made of them are left out.", "Join reviews, if they exist."
    ),
    "no-assessments": Rule(
        "note",
        "There are no assessment factors: features made of them are left out.",
        "Join assessments, if they exist.",
    ),
    "no-extract-date": Rule(
        "error",
        "It is not known up to which day the data were complete, so nobody's observation has an end.",
        "Give the extract date.",
    ),
    "first-date-assumed": Rule(
        "note",
        "The source does not say from when on it is complete; the format's usual look-back was taken.",
        "Give first_date (--first-date), where the authority's extracts reach back further or less far.",
    ),
    "left-truncated": Rule(
        "note",
        "Plans that ended before the data begin are not seen: a child's first plan in the data may not be its first.",
        "Read earlier years, or start with children too young to have had a plan before the window.",
    ),
    "short-window": Rule(
        "warning",
        "The data cover less than three years: few children are seen for the two years that risks are stated for.",
        "Read more years.",
    ),
    "six-year-window": Rule(
        "note",
        "The data reach back six years or less, as extracts with a six-year rule do: earlier plans are missing, and "
        "children who left are seen only if they had contact since.",
        "Say so in the report; prefer stacked yearly files where they exist.",
    ),
    "survivors-only": Rule(
        "warning",
        "Nearly all plans are open or ended shortly before the extract, though some began long before: as in a single "
        "Annex A extract, children who left earlier are not in the data, so neither are their short plans nor most "
        "second plans.",
        "Stack the extracts of several years, or use a source with all plans that ended (CIN census, SSD). Do not "
        "estimate risks from such data.",
    ),
    "short-follow-up": Rule(
        "warning",
        "Half of the plans that ended are seen for less than two years afterwards: risks at two years rest on the "
        "older half and are uncertain.",
        "State risks at shorter horizons too, and look at the intervals; read later extracts when there are some.",
    ),
    "one-authority": Rule(
        "note",
        "The data are of one authority: plans elsewhere are not seen, and nothing tells how models carry over.",
        "Compare rates with the published ones of other authorities; do not apply a model elsewhere unchecked.",
    ),
    "no-worker-data": Rule(
        "note",
        "There are no periods of workers: features made of changes of worker or of agency staff are left out.",
        "Join involvements (SSD), if they exist.",
    ),
    "open-very-long": Rule(
        "warning",
        "A plan has been open for more than five years.",
        "See whether its end was not recorded; until then the plan counts as open.",
    ),
}
"""Code -> rule. Codes are stable: scripts may rely on them."""
