"""The rules of whole files, of the data as a whole, and of what limits an analysis; :mod:`.rules` has all."""

from .rule import Rule

FILE_RULES = {
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
    "extract-date-not-mapped": Rule(
        "warning",
        "The column map does not say on which day the tables were extracted; the day was taken from the latest date in "
        "them.",
        "Give extract_date under extract in the column map: what was open on that day, and who was under observation, "
        "depends on it. secondplan read tables --template prints a map.",
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
    "payload-undated": Rule(
        "warning",
        "Several payloads are read and one does not tell its day; it was taken to be earlier than those that do, and "
        "before or after others by its name.",
        "Put the day of each payload into its file's name (2024-03-31.json): a later one corrects an earlier.",
    ),
    "authority-split": Rule(
        "warning",
        "Data are of an authority that was divided among several, and no successor of it is given; its children are "
        "not followed into those.",
        "Name the one that holds its children, if there is one (successors, --successor OLD=NEW).",
    ),
    "identifier-of-several": Rule(
        "error",
        "Authorities that count as one use one identifier for children with different dates of birth: their records "
        "are mixed.",
        "Read them each alone, or give children identifiers that no other authority uses.",
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
