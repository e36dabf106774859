"""The rules that findings name: what each code means, in plain words, and what to do about it."""

from .file_rules import FILE_RULES
from .rule import Rule

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
    "identifier-shortened": Rule(
        "error",
        "A spreadsheet has shortened an identifier to a power of ten (with E+): its digits are lost, and it may stand "
        "for several; it counts as missing, so that the record of such a child is left out.",
        "Make the file again with the column of identifiers as text.",
    ),
    "identifier-resembles": Rule(
        "warning",
        "The identifiers of two children differ only in capitals, blanks or leading zeros: perhaps one child, whose "
        "plans are then not joined.",
        "See whether they are one child, and write its identifier in one way in all files.",
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
    "care-goes-on": Rule(
        "warning",
        "The last episode of a child ceased because another began at once (REC X1), which is in no file; care counts "
        "as going on.",
        "Read the return of the next year too.",
    ),
    "death-told-by-care": Rule(
        "note",
        "A child died in care (REC E2); that day is taken for its date of death.",
        "None.",
    ),
    "closure-told-by-care": Rule(
        "note",
        "Care ended by adoption, special guardianship or transfer to another authority; the child's open episode of "
        "need counts as closed for that reason on that day.",
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
    "start-moved": Rule(
        "warning",
        "A plan that was open in an extract is not in the next, which holds one with another start in its place, that "
        "the first should have held; they are taken as one plan, with the later extract's start.",
        "Where many starts change, ask what was corrected and why.",
    ),
    "plan-contradicts-earlier": Rule(
        "error",
        "A plan falls into the time that an earlier extract covers, which does not hold it, and would be one of "
        "several of its child; it is left out, as an entry made late is no second plan by itself.",
        "Find out which extract is right; if the later one is, read the earlier year's corrected return.",
    ),
    "plan-missing-earlier": Rule(
        "warning",
        "A plan falls into the time that an earlier extract covers, which does not hold it; it is kept.",
        "See whether it was recorded late, or the earlier extract is incomplete.",
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
        "note",
        "A record is marked to be deleted (purge), or is part of one that is, here or in a later payload; left out.",
        "None.",
    ),
    "details-withdrawn": Rule(
        "note",
        "The details of a child are marked to be deleted (purge) in a later payload; they count as missing.",
        "None.",
    ),
    "purge-unmatched": Rule(
        "warning",
        "A record is marked to be deleted (purge) that no earlier payload holds.",
        "See whether earlier payloads are missing, and whether the record has the identifier that it had there.",
    ),
    "update-unmatched": Rule(
        "error",
        "A record holds an identifier but not its first day, and no other payload has it; it is left out.",
        "Read the earlier payloads too, above all the first, which holds everything.",
    ),
    "workers-of-march-only": Rule(
        "note",
        "Each worker's time holds a 31 March: the payloads tell of the workers of that day only, so that changes of "
        "worker cannot be counted; workers are left out.",
        "None; take workers from the Standard Safeguarding Dataset, if they are wanted.",
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
    **FILE_RULES,
}
