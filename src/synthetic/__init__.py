"""The generator of synthetic child protection data: scenarios, simulation, truth, and files of the real formats."""

from .scenario import Scenario, scenario
from .simulate import simulate, simulate_with_truth
from .truth import Truth

__all__ = ["Scenario", "Truth", "scenario", "simulate", "simulate_with_truth"]
