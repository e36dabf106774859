import numpy as np
import pytest

from secondplan.synthetic import scenario
from secondplan.synthetic.calibration_search.moment_tables import simulated_tables
from secondplan.synthetic.population.authorities import draw_authorities, simulated_years


@pytest.fixture(scope="module")
def england():
    return scenario("england-2018")


@pytest.fixture(scope="module")
def authorities(england):
    return draw_authorities(england, 10**6, np.random.default_rng(3))


def test_the_spread_is_that_of_the_scenario_in_every_simulation(england, authorities):
    assert len(authorities) == england.n_authorities
    # 150 quantiles of the normal distribution have an SD of 0.99.
    for values, sd in (
        (authorities.closing, england.authority_closing_sd),
        (np.log(authorities.share), england.authority_size_sd),
    ):
        assert values.std() == pytest.approx(sd, rel=0.02)
    # A level of two parts has the spread of a sample correlation in its own: 1 / sqrt(150) of the smaller part.
    assert authorities.log_hazard.std() == pytest.approx(england.authority_hazard_sd, rel=0.2)


def test_england_as_a_whole_does_not_depend_on_the_draw_of_authorities(authorities):
    assert authorities.share.sum() == pytest.approx(1)
    assert authorities.share @ authorities.closing == pytest.approx(0, abs=1e-12)
    assert authorities.share @ authorities.log_hazard == pytest.approx(0, abs=1e-12)


def test_closing_practice_and_second_plans_go_together_as_stated(england):
    correlations = []
    for seed in range(40):
        drawn = draw_authorities(england, 10**6, np.random.default_rng(seed))
        correlations.append(np.corrcoef(drawn.closing, drawn.log_hazard)[0, 1])
    # Standard error of the mean of 40 correlations of 150 authorities: 0.013.
    assert np.mean(correlations) == pytest.approx(england.authority_closing_correlation, abs=4 * 0.013)


def test_the_stated_share_never_records_multiple(england, authorities):
    n_never = round(england.authority_never_multiple_share * england.n_authorities)
    assert (~authorities.records_multiple).sum() == n_never
    tables = simulated_tables(england, n_children=30_000, random_state=4)
    multiple = (tables.plans["initial_category"] == "MUL").groupby(tables.plans["la_code"].astype(object)).sum()
    without = multiple.index[multiple == 0]
    few = 0.8 * england.authority_never_multiple_share * len(multiple)
    assert len(without) >= few


def test_authorities_have_good_and_bad_years(england, authorities):
    assert authorities.entry.shape == (england.n_authorities, simulated_years(england))
    assert authorities.entry.std() == pytest.approx(england.authority_entry_year_sd, rel=0.1)


def test_one_authority_is_at_the_level_of_the_scenario():
    alone = draw_authorities(scenario("birmingham"), 10**6, np.random.default_rng(0))
    assert alone.code.tolist() == ["330"]
    assert alone.closing == 0 and alone.log_hazard == 0
    assert alone.not_quorate_share == pytest.approx(scenario("birmingham").not_quorate_share)


def test_codes_are_none_or_one_an_authority():
    with pytest.raises(ValueError, match="authority_codes must be none, or one per authority"):
        scenario("birmingham").replace(authority_codes=("330", "331"))
