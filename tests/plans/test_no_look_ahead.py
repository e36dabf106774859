"""Properties on random histories: nothing later is used, order plays no part, and every child is accounted for."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal, assert_series_equal

from secondplan.errors import EmptyCohortError
from secondplan.plans import build_cohort, open_cases
from secondplan.plans.schema import column_names, column_type

DAY_0, LAST_DAY = pd.Timestamp("2014-01-01"), 1500
N_CHILDREN = 30
# Each example is a crowd of children, so a few will do; a smaller crowd would not be easier to read.
SETTINGS = settings(max_examples=8, deadline=None, phases=[Phase.explicit, Phase.generate])

seeds = st.integers(0, 2**32 - 1)
later_days = st.integers(200, LAST_DAY)


def histories(seed):
    """Tables of random children of two authorities: dates collide, overlap and run backwards as in real records."""
    random = np.random.default_rng(seed)

    def pick(values, size, p=None):
        return pd.Series(random.choice(np.array(values, dtype=object), size, p=p))

    def dates(day):
        return pd.Series(DAY_0 + pd.to_timedelta(day, "D"))

    def spells(n):
        start = random.integers(0, LAST_DAY + 100, n) // 20 * 20
        length = random.integers(-1, 20, n) * 20
        end = dates(start + length).where(random.random(n) < 0.8)
        return pick(range(N_CHILDREN), n).astype(int), dates(start), end

    def of_child(child, **columns):
        return pd.DataFrame({"child_id": child.map("c{:02d}".format), "la_code": child.map(la_code)} | columns)

    def la_code(child):
        return "330" if child % 3 else "331"

    child, start, end = spells(60)
    plans = of_child(child, start_date=start, end_date=end, plan_id=pd.Series(range(60)).map("p{}".format))
    plans["initial_category"], plans["latest_category"] = (pick(["NEG", "EMO", None], 60) for _ in range(2))
    plans["previous_plans_reported"] = pick([0, None, 1], 60, [0.7, 0.2, 0.1])
    plans["other_authority"] = pick([False, True, None], 60, [0.7, 0.1, 0.2])
    everyone = pd.Series(range(N_CHILDREN))
    children = of_child(everyone)
    children["family_id"] = pick(["f", "g", "h", None], N_CHILDREN)
    children["sex"] = pick(["1", "2", "0", None], N_CHILDREN)
    births = ["1997-06-01", "2010-02-28", "2015-01-01", "1998-06-01", None]
    children["date_of_birth"] = pd.to_datetime(pick(births, N_CHILDREN))
    children["expected_date_of_birth"] = pd.NaT
    children["ethnicity"] = pick(["WBRI", "APKN", None], N_CHILDREN)
    children["disabilities"] = pick(["NONE", "AUT;LD", None], N_CHILDREN)
    children["date_of_death"] = dates(random.integers(0, LAST_DAY, N_CHILDREN)).where(random.random(N_CHILDREN) < 0.1)
    tables = {"plans": plans, "children": children}
    reviews = pd.DataFrame({"plan_id": pick(plans["plan_id"], 90), "review_date": spells(90)[1]})
    reviews["quorate"], reviews["absent_agencies"] = pick([True, False, None], 90), pick([0, 2, None], 90)
    reviews["progress"] = pick(["good", "some", "poor", None], 90)
    tables["reviews"] = reviews.drop_duplicates(["plan_id", "review_date"])
    child, start, end = spells(15)
    tables["care_episodes"] = of_child(child, start_date=start, end_date=end)
    child, start, end = spells(60)
    tables["cin_episodes"] = of_child(child, referral_date=start, closure_date=end, referral_source=None)
    reasons = pick(["RC1", "RC2", "RC3", "RC4", "RC5", "RC7", "RC8", None], 60)
    tables["cin_episodes"] = tables["cin_episodes"].assign(primary_need=None, closure_reason=reasons.where(end.notna()))
    child, start, end = spells(60)
    tables["assessments"] = of_child(child, start_date=start, authorisation_date=end)
    tables["assessments"]["factors"] = pick(["1A;3B", "2B", "4B;16A", "20", "21", None], 60)
    child, start, end = spells(90)
    tables["involvements"] = of_child(child, start_date=start, end_date=end)
    tables["involvements"]["worker_id"] = pick(["w1", "w2", "w3"], 90)
    tables["involvements"]["agency_worker"] = pick([True, False, None], 90)
    tables["extract"] = pd.DataFrame(
        {
            "la_code": ["330", "331"],
            "first_date": dates([150, 0]),
            "extract_date": dates([LAST_DAY, LAST_DAY - 300]),
            "source": "made up",
        }
    )
    return SimpleNamespace(
        **{
            name: pd.DataFrame({c: table[c].astype(column_type(name, c)).array for c in column_names(name)})
            for name, table in tables.items()
        }
    )


def with_tables(history, /, **tables):
    return SimpleNamespace(**(vars(history) | tables))


def cohort_or_none(plans, **options):
    try:
        return build_cohort(plans, **options)
    except EmptyCohortError:
        return None


def assert_same(one, other):
    if one is None or other is None:
        assert one is other
        return
    for part in ("X", "y", "keys", "flow"):
        if hasattr(one, part):
            assert_frame_equal(getattr(one, part), getattr(other, part))
    assert_series_equal(one.eligible_days, other.eligible_days)
    assert one.missing_features == other.missing_features


def cut_by_hand(plans, day):
    """What an extract made on ``day`` would have held, row by row."""
    rules = {
        "plans": ("start_date", {"end_date": ["end_date"]}),
        "reviews": ("review_date", {}),
        "care_episodes": ("start_date", {"end_date": ["end_date"]}),
        "cin_episodes": ("referral_date", {"closure_date": ["closure_date", "closure_reason"]}),
        "assessments": ("start_date", {"authorisation_date": ["authorisation_date", "factors"]}),
        "involvements": ("start_date", {"end_date": ["end_date"]}),
        "children": (None, {"date_of_death": ["date_of_death"]}),
    }
    tables = {}
    for name, (row_date, later) in rules.items():
        table = getattr(plans, name)
        table = table[table[row_date] <= day] if row_date else table
        table = table.copy()
        for date, columns in later.items():
            hidden = table[date] > day
            for column in columns:
                table.loc[hidden, column] = pd.NaT if "date" in column else pd.NA
        tables[name] = table.reset_index(drop=True)
    extract = plans.extract[plans.extract["first_date"] <= day].copy()
    extract["extract_date"] = extract["extract_date"].clip(upper=day)
    return with_tables(plans, **tables, extract=extract)


@SETTINGS
@given(seed=seeds, day=later_days, index=st.sampled_from(["first", "every"]))
def test_as_of_is_the_extract_made_on_that_day(seed, day, index):
    plans, as_of = histories(seed), DAY_0 + pd.Timedelta(days=day)
    earlier = cut_by_hand(plans, as_of)
    assert_same(cohort_or_none(plans, as_of=as_of, index=index), cohort_or_none(earlier, as_of=as_of, index=index))


@SETTINGS
@given(seed=seeds, other=seeds, day=later_days)
def test_records_of_later_days_change_nothing(seed, other, day):
    plans, more, as_of = histories(seed), histories(other), DAY_0 + pd.Timedelta(days=day)
    more.plans["plan_id"] = "later-" + more.plans["plan_id"]
    row_dates = {
        "plans": "start_date",
        "care_episodes": "start_date",
        "cin_episodes": "referral_date",
        "assessments": "start_date",
        "involvements": "start_date",
    }
    with_later = {}
    for name, date in row_dates.items():
        table = getattr(more, name)
        with_later[name] = pd.concat([getattr(plans, name), table[table[date] > as_of]], ignore_index=True)
    assert_same(cohort_or_none(plans, as_of=as_of), cohort_or_none(with_tables(plans, **with_later), as_of=as_of))


@SETTINGS
@given(seed=seeds)
def test_features_are_those_of_the_day_the_plan_ended(seed):
    plans = histories(seed)
    cohort = build_cohort(plans)
    ended_late = np.flatnonzero(cohort.keys["index_end"] > DAY_0 + pd.Timedelta(days=400))
    for row in ended_late[:3]:
        then = build_cohort(plans, as_of=cohort.keys["index_end"][row], before_extract="delayed_entry")
        same = (then.keys["plan_id"] == cohort.keys["plan_id"][row]).to_numpy()
        assert same.sum() == 1
        # Which features the extract can give depends on what it holds by then; what it gave then stands.
        known = then.X.columns
        assert set(cohort.X.columns) - set(known) <= set(then.missing_features)
        assert_frame_equal(cohort.take([row]).X[known], then.take(same).X)


@SETTINGS
@given(seed=seeds)
def test_the_order_of_rows_plays_no_part(seed):
    plans = histories(seed)
    shuffled = with_tables(
        plans,
        **{name: t.sample(frac=1, random_state=seed % 1000).reset_index(drop=True) for name, t in vars(plans).items()},
    )
    assert_same(build_cohort(plans, index="every"), build_cohort(shuffled, index="every"))
    assert_same(build_cohort(plans), build_cohort(shuffled))
    assert_same(open_cases(plans), open_cases(shuffled))


@SETTINGS
@given(seed=seeds, index=st.sampled_from(["first", "every"]), care=st.sampled_from(["competing", "ignore"]))
def test_every_child_is_accounted_for(seed, index, care):
    plans = histories(seed)
    cohort = build_cohort(plans, index=index, care=care)
    flow, y = cohort.flow, cohort.y
    assert flow["n_remaining"].iloc[0] - flow["n_left_out"].sum() == flow["n_remaining"].iloc[-1] == len(cohort)
    if index == "first":
        last = plans.plans["la_code"].map(plans.extract.set_index("la_code")["extract_date"])
        seen = plans.plans[plans.plans["start_date"] <= last]
        assert flow["n_remaining"].iloc[0] == seen[["la_code", "child_id"]].drop_duplicates().shape[0]
        assert not cohort.keys[["la_code", "child_id"]].duplicated().any()
    assert ((y["entry"] < y["duration"]) | (y["entry"] == 0)).all()
    assert (y["duration"] >= 0).all()
    assert (y["duration"] <= cohort.eligible_days).all()
    assert (y["duration"] == cohort.eligible_days)[y["event"] == 4].all()
    assert care == "competing" or not (y["event"] == 2).any()


@SETTINGS
@given(seed=seeds)
def test_cases_to_be_scored_are_the_children_still_at_risk(seed):
    plans = histories(seed)
    cases = open_cases(plans)
    flow = cases.flow
    assert flow["n_remaining"].iloc[0] - flow["n_left_out"].sum() == flow["n_remaining"].iloc[-1] == len(cases)
    assert not cases.keys[["la_code", "child_id"]].duplicated().any()
    assert (cases.elapsed >= 0).all()
    assert (cases.elapsed < cases.eligible_days).all()
    # A case whose plan has ended is a row of the cohort in which nothing has happened, and has the same features.
    cohort = build_cohort(plans, index="every", before_extract="delayed_entry")
    ended = cases.take(~cases.flags.str.contains("plan_open").to_numpy(dtype=bool))
    of_case = ended.keys.merge(cohort.keys.assign(row=range(len(cohort))), on="plan_id", how="left")["row"]
    rows = cohort.take(of_case.to_numpy(dtype=int))
    assert (rows.y["event"] == 0).all()
    assert rows.y["duration"].tolist() == ended.elapsed.tolist()
    assert_frame_equal(rows.X, ended.X)


def test_the_random_histories_reach_every_event():
    """The properties above would hold of empty cohorts, too."""
    seen = set()
    for seed in range(12):
        y = build_cohort(histories(seed), index="every", before_extract="delayed_entry").y
        seen.update(y["event"])
        seen.update(["delayed entry"] if (y["entry"] > 0).any() else [])
    assert seen == {0, 1, 2, 3, 4, "delayed entry"}
