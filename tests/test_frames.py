"""Columns of texts: the same answers from pandas, Polars and the partitions of Dask, missing values passed on."""

import shutil
import sys

import pytest

import stance

TEXTS = ["أعربت فرنسا عن دعمها لوحدة ليبيا", None, "امتنعت الصين عن التصويت على مشروع القرار", "وصل الوفد إلى جنيف"] * 40


@pytest.fixture(scope="module")
def wanted():
    found = stance.predict([t for t in TEXTS if t])
    each = iter(found)
    return [next(each) if t else None for t in TEXTS]


def check(labels, probabilities, shares, wanted):
    assert labels == [p and p.label for p in wanted]
    for at, p in enumerate(wanted):
        if p:
            assert probabilities[at] == pytest.approx(p.probability, abs=1e-6)
            assert shares[at] == pytest.approx(p.probabilities["abstain"], abs=1e-6)


def test_lists(wanted):
    assert stance.label_series(TEXTS) == [p and p.label for p in wanted]


def test_pandas(wanted):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"id": range(len(TEXTS)), "body": TEXTS}, index=range(1000, 1000 + len(TEXTS)))
    labels = stance.label_series(frame["body"])
    assert list(labels.index) == list(frame.index)
    found = stance.predict_frame(frame, "body")
    assert [None if pd.isna(x) else x for x in labels] == [None if pd.isna(x) else x for x in found["label"]]
    assert list(found.columns) == ["id", "body", "label", "probability", "support", "neutral", "abstain"]
    assert found["probability"].isna().tolist() == [t is None for t in TEXTS]
    check([None if pd.isna(x) else x for x in found["label"]], found["probability"].tolist(), found["abstain"].tolist(), wanted)
    assert "label" not in frame.columns
    empty = stance.predict_frame(frame.iloc[:0], "body")
    assert list(empty.dtypes) == list(found.dtypes)


def test_polars(wanted):
    pl = pytest.importorskip("polars")
    frame = pl.DataFrame({"text": TEXTS})
    found = stance.predict_frame(frame)
    check(found["label"].to_list(), found["probability"].to_list(), found["abstain"].to_list(), wanted)
    lazy = frame.lazy().with_columns(pl.col("text").map_batches(stance.label_series, return_dtype=pl.String).alias("label"))
    assert lazy.collect()["label"].to_list() == found["label"].to_list()


def test_dask(wanted):
    dd = pytest.importorskip("dask.dataframe")
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"text": TEXTS})
    parts = dd.from_pandas(frame, npartitions=3)
    found = parts.map_partitions(stance.predict_frame, "text", meta=stance.predict_frame(frame.iloc[:0])).compute(scheduler="threads")
    pd.testing.assert_frame_equal(found, stance.predict_frame(frame), check_dtype=False)


def test_spark(monkeypatch):
    pytest.importorskip("pyspark")
    pd = pytest.importorskip("pandas")
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java")
    from pyspark.sql import SparkSession
    from pyspark.sql.functions import pandas_udf

    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    spark = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()

    def label_texts(texts):
        return stance.label_series(texts)

    label_texts.__annotations__ = {"texts": pd.Series, "return": pd.Series}
    label_texts.__module__ = "__main__"  # so that it travels by value
    label = pandas_udf(label_texts, "string")
    try:
        rows = spark.createDataFrame([(t,) for t in TEXTS], "text string").withColumn("label", label("text")).collect()
    finally:
        spark.stop()
    assert [row.label for row in rows] == stance.label_series(TEXTS)


def test_what_is_not_there_is_told():
    pd = pytest.importorskip("pandas")
    with pytest.raises(KeyError, match="no column 'text'; there are: body"):
        stance.predict_frame(pd.DataFrame({"body": []}))
    with pytest.raises(TypeError, match="expected a pandas or Polars DataFrame, got list"):
        stance.predict_frame([1])
