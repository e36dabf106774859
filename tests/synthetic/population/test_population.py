import numpy as np
import pytest

from secondplan.synthetic import scenario
from secondplan.synthetic.population.authorities import draw_authorities, first_simulated_day
from secondplan.synthetic.population.population import draw_categories, draw_children
from secondplan.synthetic.randomness.day_numbers import DAYS_PER_YEAR
from secondplan.synthetic.randomness.streams import Streams


@pytest.fixture(scope="module")
def england():
    return scenario("england-2018")


@pytest.fixture(scope="module")
def authorities(england):
    return draw_authorities(england, 10**6, np.random.default_rng(1))


def _near(share, expected, n):
    return abs(share - expected) < 4.5 * np.sqrt(expected * (1 - expected) / n)


def test_categories_have_their_shares_at_ages_without_effect(england, authorities):
    n = 200_000
    rng = np.random.default_rng(2)
    authority = rng.choice(len(authorities), n, p=authorities.share)
    drawn = draw_categories(england, authorities, authority, np.full(n, 3000), rng)
    for position, (name, share) in enumerate(england.initial_category_shares.items()):
        assert _near((drawn == position).mean(), share, n), name
    multiple = list(england.initial_category_shares).index("MUL")
    assert not (drawn[~authorities.records_multiple[authority]] == multiple).any()


def test_categories_of_the_unborn_are_tilted_as_stated(england, authorities):
    n = 200_000
    everywhere = np.flatnonzero(authorities.records_multiple)[:1].repeat(n)
    rng = np.random.default_rng(3)
    unborn = draw_categories(england, authorities, everywhere, np.full(n, -30), rng)
    older = draw_categories(england, authorities, everywhere, np.full(n, 3000), rng)
    tilt = england.category_age_log_odds["unborn"]
    names = list(england.initial_category_shares)
    counts = {name: (np.sum(unborn == i), np.sum(older == i)) for i, name in enumerate(names)}
    for name in names:
        odds = np.log(counts[name][0] / counts[name][1]) - np.log(counts["PHY"][0] / counts["PHY"][1])
        error = np.sqrt(sum(1 / count for key in (name, "PHY") for count in counts[key]))
        assert abs(odds - (tilt[name] - tilt["PHY"])) < 4.5 * error + 1e-12, name


def test_families_come_to_authorities_by_share_and_year(england):
    """Without good and bad years each authority has its share; with them it has it on average only."""
    level = england.replace(authority_entry_year_sd=0.0)
    drawn = draw_authorities(level, 10**6, np.random.default_rng(4))
    children = draw_children(level, drawn, 60_000, Streams(0))
    first = np.unique(children.family, return_index=True)[1]
    share = np.bincount(children.authority[first], minlength=len(drawn)) / first.size
    z = (share - drawn.share) / np.sqrt(drawn.share / first.size)
    assert np.abs(z).max() < 4.5
    assert 0.7 < z.var() < 1.4

    restless = england.replace(authority_entry_year_sd=0.5)
    drawn = draw_authorities(restless, 10**6, np.random.default_rng(4))
    children = draw_children(restless, drawn, 60_000, Streams(0))
    year = ((children.first_start - first_simulated_day(restless)) // DAYS_PER_YEAR).astype(int)
    large = np.argsort(drawn.share)[-20:]
    counts = np.array([np.bincount(year[children.authority == a], minlength=24)[:24] for a in large])
    share = counts / np.bincount(year, minlength=24)[:24]
    expected = drawn.share[large, None] * np.exp(drawn.entry[large, :24])
    assert np.corrcoef(share.ravel(), expected.ravel())[0, 1] > 0.9
