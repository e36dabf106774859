"""The generator of synthetic child protection data: scenarios, simulation, truth, and files of the real formats."""

from .calibration_search.calibration_report import calibration_table, compare_with_targets
from .calibration_search.store_moments import moments
from .calibration_search.target_figures import Target, targets
from .scenarios.definition import Scenario
from .scenarios.named import scenario
from .simulation import SimulatedPlans, SimulatedStore, simulate, simulate_to, simulate_with_truth
from .truth.result import Truth, read_truth
from .truth.true_risk import true_incidence
from .value_faults import ValueFaults
from .writers.all_formats import write_formats
from .writers.annex_a import write_annex_a
from .writers.census_faults import CensusFaults
from .writers.cin_census import CensusFiles, write_cin_census
from .writers.dfe_api import write_dfe_api
from .writers.dictionary import data_dictionary
from .writers.ssd import write_ssd
from .writers.ssda903 import write_ssda903
from .writers.tables import write_tables

__all__ = [
    "CensusFaults",
    "CensusFiles",
    "Scenario",
    "SimulatedPlans",
    "SimulatedStore",
    "Target",
    "Truth",
    "ValueFaults",
    "calibration_table",
    "compare_with_targets",
    "data_dictionary",
    "moments",
    "read_truth",
    "scenario",
    "simulate",
    "simulate_to",
    "simulate_with_truth",
    "targets",
    "true_incidence",
    "write_annex_a",
    "write_cin_census",
    "write_dfe_api",
    "write_formats",
    "write_ssd",
    "write_ssda903",
    "write_tables",
]
