"""Sparse times a few dense columns, without the GIL: what a solver spends its time on, so that several can work at once.

scipy's product holds the GIL and has a loop over the columns in its innermost loop: with the three columns of three
labels it took 3.6 ns for each value from the right and 2.8 ns from the left, this takes 1.7 and 2.0 (scipy 1.17, 10,000
sentences). The sums are taken in the same order, so that they are the same. Should another scipy call its methods by other
names than those overridden here, its own products are used.
"""

# The types of compiled functions are numba's affair.
# mypy: disable-error-code="no-untyped-def,no-untyped-call"

from __future__ import annotations

from typing import Any

import numpy as np
from numba.cpython.unsafe.tuple import tuple_setitem
from scipy.sparse import csr_array

from stance.compiling import compiled

ZERO = np.float32(0)
MOST_COLUMNS = 8  # each number of columns is compiled by itself; with many, scipy's way is as good


class SolverRows(csr_array):  # type: ignore[misc]  # scipy has no types
    """A `csr_array` whose products with a few dense columns, from the right and from the left, release the GIL.

    Its values are float32; scikit-learn's solvers take it as it is, without a copy. All else is as with scipy, which also
    does what is not meant here: other types, many columns, vectors.

    Notes
    -----
    The last product from either side is remembered, for newton-cg asks for it up to three times: for the loss, for the
    gradient, and once more for the Hessian at the same place. So the values must not be changed after the first one.
    """

    _last_right: tuple[Any, Any] | None = None
    _last_left: tuple[Any, Any] | None = None

    def _matmul_multivector(self, other: Any) -> Any:
        """Return the rows times (n_columns, k), as scipy asks for it."""
        if not _meant(self, other):
            return super()._matmul_multivector(other)
        if self._last_right is None or not np.array_equal(self._last_right[0], other):
            columns, out = np.array(other, order="C"), np.empty((self.shape[0], other.shape[1]), np.float32)
            _gather(self.indptr, self.indices, self.data, columns, out, (ZERO,) * out.shape[1])
            self._last_right = columns, out
        return self._last_right[1].copy()

    def _rmatmul_dispatch(self, other: Any) -> Any:
        """Return (k, n_rows) times the rows, as scipy asks for it."""
        if not (isinstance(other, np.ndarray) and other.ndim == 2 and other.shape[1] == self.shape[0] and _meant(self, other.T)):
            return super()._rmatmul_dispatch(other)
        if self._last_left is None or not np.array_equal(self._last_left[0], other.T):
            columns, out = np.array(other.T, order="C"), np.zeros((self.shape[1], other.shape[0]), np.float32)
            _scatter(self.indptr, self.indices, self.data, columns, out, (ZERO,) * out.shape[1])
            self._last_left = columns, out
        return self._last_left[1].copy().T


def _meant(rows: Any, columns: Any) -> bool:
    """Return whether the compiled functions are for such a product."""
    few = 0 < columns.shape[1] <= MOST_COLUMNS
    return bool(few and rows.ndim == 2 and rows.dtype == columns.dtype == np.float32)


# `zeros` has a zero for each column: a tuple, as its length is part of its type. So the loops over the columns are
# unrolled, and what is added up stays in registers. Unsigned indices spare the test for negative ones.


@compiled
def _gather(indptr, indices, data, columns, out, zeros):
    """Put the product of the rows and `columns` (n_columns, k) into `out` (n_rows, k)."""
    for row in range(len(indptr) - 1):
        sums = zeros
        for j in range(indptr[row], indptr[row + 1]):
            value, column = data[j], np.uint64(indices[j])
            for k in range(len(zeros)):
                sums = tuple_setitem(sums, k, sums[k] + value * columns[column, np.uint64(k)])
        for k in range(len(zeros)):
            out[row, k] = sums[k]


@compiled
def _scatter(indptr, indices, data, columns, out, zeros):
    """Add the product of the transposed rows and `columns` (n_rows, k) to `out` (n_columns, k)."""
    for row in range(len(indptr) - 1):
        factors = zeros
        for k in range(len(zeros)):
            factors = tuple_setitem(factors, k, columns[row, k])
        for j in range(indptr[row], indptr[row + 1]):
            value, column = data[j], np.uint64(indices[j])
            for k in range(len(zeros)):
                out[column, np.uint64(k)] += value * factors[k]
