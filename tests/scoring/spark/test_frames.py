import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from secondplan import score_spark
from secondplan.errors import InputError
from secondplan.scoring import score_batches
from secondplan.scoring.frame import plain

# PySpark 4.0 leaves sockets to be closed when they are collected.
pytestmark = pytest.mark.filterwarnings(
    "ignore:unclosed <socket:ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)


def by_key(frame):
    return frame.sort_values(["child_id", "plan_id"], ignore_index=True)


@pytest.fixture(scope="module")
def frame(spark, odd_cases):
    numbered = odd_cases.assign(number=np.arange(1, len(odd_cases) + 1))
    return spark.createDataFrame(numbered.astype(object).where(numbered.notna(), None)).repartition(5).cache()


def test_a_frame_is_scored_as_batches_are(frame, model, odd_cases):
    ((expected, refused),) = score_batches(model, pa.Table.from_pandas(odd_cases))
    scores, rejects = score_spark(model, frame, row="number")
    own = by_key(scores.toPandas())
    pd.testing.assert_frame_equal(own, by_key(plain(expected).to_pandas()), check_exact=True)
    assert rejects.orderBy("row").toPandas().to_dict("list") == plain(refused).to_pandas().to_dict("list")


def test_without_numbers_the_choice_does_not_depend_on_partitions(frame, model):
    found = [by_key(score_spark(model, frame.repartition(n))[0].toPandas()) for n in (1, 4)]
    pd.testing.assert_frame_equal(*found, check_exact=True)
    assert len(found[0]) == 47 - 7


def test_whole_columns_that_are_wrong_are_found_at_once(frame, model):
    with pytest.raises(InputError, match="lack columns that the model needs: n_reviews"):
        score_spark(model, frame.drop("n_reviews"))
    with pytest.raises(InputError, match="lack the column line"):
        score_spark(model, frame, row="line")
    with pytest.raises(InputError, match="n_reviews must hold"):
        score_spark(model, frame.selectExpr("* except (n_reviews)", "array(n_reviews) as n_reviews"))
