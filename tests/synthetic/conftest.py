import pytest

from secondplan.synthetic import simulate_with_truth


@pytest.fixture(scope="session")
def england():
    """Fifty thousand children in 125 authorities, with the truth."""
    return simulate_with_truth("england-2018", n_children=50_000, seed=11)
