"""Every format from one call, read back by its reader."""

import pytest

import secondplan as sp
from secondplan.synthetic.writers.all_formats import FORMATS


@pytest.fixture(scope="module")
def plans():
    return sp.simulate(n_children=900, random_state=5)


@pytest.fixture(scope="module")
def folder(plans, tmp_path_factory):
    made = tmp_path_factory.mktemp("formats")
    sp.write_formats(plans, made, list(FORMATS))
    return made


def test_each_format_has_its_folder(folder):
    assert {path.name for path in folder.iterdir()} == {name.replace("-", "_") for name in FORMATS}


def test_formats_of_one_authority_together_give_back_every_plan(plans, folder):
    codes = sorted(plans.children["la_code"].unique())
    assert len(codes) > 1
    for read, path in ((sp.read_ssd, "ssd/{}"), (sp.read_dfe_api, "dfe_api/{}.json")):
        found = sum(len(read(folder / path.format(code), la_code=code)[0].plans) for code in codes)
        assert found == len(plans.plans)


def test_formats_of_many_authorities_give_back_every_plan_in_one_call(plans, folder):
    tables, _ = sp.read_tables(folder / "tables")
    census, _ = sp.read_cin_census(folder / "cin_census")
    assert len(tables.plans) == len(plans.plans)
    # A census begins with the first year's 1 April, as the plans do.
    assert len(census.plans) == len(plans.plans)


def test_an_unknown_format_is_named_before_anything_is_written(plans, tmp_path):
    with pytest.raises(sp.InputError, match="unknown format fax; there are: cin-census, annex-a"):
        sp.write_formats(plans, tmp_path / "out", ["tables", "fax"])
    assert not (tmp_path / "out").exists()
