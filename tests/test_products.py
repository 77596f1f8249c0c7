"""The solver's products of sparse rows: what scipy gives, and scikit-learn takes them as they are."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array, random_array
from sklearn.linear_model import LogisticRegression

from stance.learn import products
from stance.learn.products import MOST_COLUMNS, SolverRows


def rows_of(x):
    return SolverRows((x.data, x.indices, x.indptr), shape=x.shape)


def hostile():
    rng = np.random.default_rng(0)
    full = random_array((40, 30), density=0.3, format="csr", rng=rng, dtype=np.float32)
    yield "random", full
    thin = full.toarray()
    thin[[0, 7, 8, 39]], thin[:, [0, 5, 29]] = 0, 0
    yield "empty rows and columns", csr_array(thin)
    yield "one column", csr_array(full[:, [3]])
    yield "one row", csr_array(full[[3]])
    yield "no rows", csr_array((0, 30), dtype=np.float32)
    yield "no columns", csr_array((40, 0), dtype=np.float32)
    yield "nothing in it", csr_array((40, 30), dtype=np.float32)
    turned = [np.arange(a, b)[::-1] for a, b in zip(full.indptr, full.indptr[1:], strict=False)]
    order = np.concatenate(turned)
    yield "unsorted", csr_array((full.data[order], full.indices[order], full.indptr), shape=full.shape)
    yield "twice the same place", csr_array((np.ones(4, np.float32), np.array([2, 2, 0, 2]), np.array([0, 3, 4])), shape=(2, 3))
    yield "explicit zeros", csr_array((np.zeros(4, np.float32), np.array([2, 1, 0, 2]), np.array([0, 3, 4])), shape=(2, 3))
    yield "not finite", csr_array((np.array([np.inf, np.nan, -np.inf, 1e38], np.float32), full.indices[:4] % 3, np.array([0, 2, 4])), shape=(2, 3))
    wide = csr_array(full)
    wide.indices, wide.indptr = wide.indices.astype(np.int64), wide.indptr.astype(np.int64)
    yield "wide indices", wide
    yield "float64", full.astype(np.float64)


@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid value")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("name", "x"), list(hostile()), ids=lambda value: value if isinstance(value, str) else "")
def test_products_are_scipys(name, x, dtype):
    rng = np.random.default_rng(1)
    ours = rows_of(x)
    for k in (1, 3, 5, MOST_COLUMNS + 1):
        right, left = rng.normal(size=(x.shape[1], k)).astype(dtype), rng.normal(size=(x.shape[0], k)).astype(dtype)
        for order in "CF":
            for found, expected in (
                (ours @ np.asarray(right, order=order), x @ right),
                (np.asarray(left, order=order).T @ ours, left.T @ x),
                (ours.T @ left, x.T @ left),
                (ours @ right[:, 0], x @ right[:, 0]),
            ):
                assert found.dtype == expected.dtype and found.shape == expected.shape
                np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)  # the same sums in the same order, but for fused steps


def test_what_is_remembered_is_the_product_that_is_asked_for():
    x = random_array((40, 30), density=0.3, format="csr", rng=np.random.default_rng(0), dtype=np.float32)
    ours = rows_of(x)
    right, left = np.ones((30, 3), np.float32), np.ones((3, 40), np.float32)
    for _ in range(3):
        np.testing.assert_allclose(ours @ right, x @ right, rtol=1e-5)
        np.testing.assert_allclose(left @ ours, left @ x, rtol=1e-5)
        product, other = ours @ right, left @ ours
        product += 1  # the caller's own
        other *= 2
        np.testing.assert_allclose(ours @ right, x @ right, rtol=1e-5)
        np.testing.assert_allclose(left @ ours, left @ x, rtol=1e-5)
        right[3, 1] += 1  # the operand is the caller's own as well
        left[2, 5] -= 1
    assert (ours @ right.astype(np.float64)).dtype == np.float64
    assert (ours @ right[:, :2]).shape == (40, 2)


def test_a_wrong_shape_is_refused_as_by_scipy():
    ours = rows_of(csr_array((4, 3), dtype=np.float32))
    with pytest.raises(ValueError, match="mismatch"):
        ours @ np.ones((4, 2), np.float32)
    with pytest.raises(ValueError, match="mismatch"):
        np.ones((2, 3), np.float32) @ ours


@pytest.mark.parametrize("n_labels", [2, 3, 4])
def test_scikit_learn_takes_them_as_they_are(n_labels, monkeypatch):
    rng = np.random.default_rng(0)
    x = random_array((200, 50), density=0.2, format="csr", rng=rng, dtype=np.float32)
    y = (x @ rng.normal(size=(50, n_labels))).argmax(axis=1)
    seen = []
    gather = products._gather
    monkeypatch.setattr(products, "_gather", lambda *given: (seen.append(given), gather(*given)))
    settings = {"C": 10.0, "solver": "newton-cg", "tol": 1e-5, "class_weight": "balanced", "max_iter": 500}
    ours, theirs = LogisticRegression(**settings).fit(rows_of(x), y), LogisticRegression(**settings).fit(x, y)
    if n_labels > 2:  # two have one column, which is scipy's affair
        assert seen
        assert all(np.shares_memory(given[2], x.data) and np.shares_memory(given[1], x.indices) for given in seen)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-3)
    np.testing.assert_allclose(ours.predict_proba(x), theirs.predict_proba(x), atol=1e-3)
