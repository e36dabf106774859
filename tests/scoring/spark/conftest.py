import os
import shutil
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest


def java_home() -> str | None:
    """Where Java is, if it is not named by the environment: PySpark looks nowhere else but on the path."""
    if os.environ.get("JAVA_HOME") or shutil.which("java"):
        return os.environ.get("JAVA_HOME", "")
    found = sorted(Path("/usr/lib/jvm").glob("java-*/bin/java"))
    return str(found[0].parents[1]) if found else None


@pytest.fixture(scope="session")
def spark(tmp_path_factory):
    """One session for all tests; run them with the extra ``spark`` and Java 17 or 21."""
    pytest.importorskip("pyspark")
    home = java_home()
    if home is None:
        pytest.skip("there is no Java")
    from pyspark.sql import SparkSession

    from secondplan.scoring.spark.session import QUIET

    if home:
        os.environ["JAVA_HOME"] = home
    os.environ["PYSPARK_PYTHON"] = sys.executable
    place = tmp_path_factory.mktemp("spark")
    settings = QUIET | {
        **{"spark.ui.enabled": "false", "spark.sql.shuffle.partitions": "3", "spark.driver.host": "127.0.0.1"},
        **{"spark.sql.warehouse.dir": str(place / "tables"), "spark.local.dir": str(place)},
        # Short tests do not repay a compiler that takes its time.
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        session = SparkSession.builder.master("local[2]").config(map=settings).getOrCreate()
    yield session
    session.stop()


@pytest.fixture(scope="session")
def odd_cases(make_cases):
    """Cases of which some repeat the keys of others and some cannot be scored."""
    cases = make_cases(47)
    keys = ["child_id", "plan_id"]
    for row, earlier in ((9, 2), (30, 2), (46, 21), (12, 11), (44, 43)):
        cases.loc[row, keys] = cases.loc[earlier, keys].to_numpy()
    cases.loc[11, "plan_length_days"] = 1e20
    cases.loc[44, "elapsed"] = -3
    cases.loc[20, "child_id"] = pd.NA
    cases["n_reviews"] = cases["n_reviews"].astype(np.int64)
    return cases
