"""The generator of synthetic child protection data: scenarios, simulation, truth, and files of the real formats."""

from .annex_a_writer import write_annex_a
from .calibration_report import calibration_table, compare_with_targets
from .census_faults import CensusFaults
from .cin_census_writer import CensusFiles, write_cin_census
from .dfe_api_writer import write_dfe_api
from .dictionary import data_dictionary
from .format_files import write_formats
from .moments import moments
from .scenario import Scenario, scenario
from .simulate import SimulatedPlans, SimulatedStore, simulate, simulate_to, simulate_with_truth
from .ssd_writer import write_ssd
from .ssda903_writer import write_ssda903
from .tables_writer import write_tables
from .targets import Target, targets
from .true_risk import true_incidence
from .truth import Truth, read_truth
from .value_faults import ValueFaults

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
