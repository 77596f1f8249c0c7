"""The model file: plain data in joblib's format, read by a reader that can build nothing else.

A model file is what `joblib.dump` writes for ``{"format", "version", "meta", "arrays"}``: two strings of which one is
JSON, a number, and a flat dictionary of numpy arrays. `joblib.load` reads it too; this module does not use it, because
joblib's format is a pickle, and a pickle can name any function to be called. The reader below knows only the opcodes
that plain data needs and only three names, for which it puts stand-ins of its own: it never imports what a file names,
never calls anything on a file's behalf, and never sets aside memory that the file itself could not fill.
"""

from __future__ import annotations

import json
import os
import pickle
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, ClassVar

import numpy as np
import numpy.typing as npt

from stance.errors import ArtifactError

FORMAT = "stance-model"
VERSION = 2
MAX_META = 64 << 20  # bytes
_DTYPES = {"u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8"}
_ALIGNMENT = 16  # joblib's
_OPCODES = (
    pickle.PROTO, pickle.FRAME, pickle.STOP, pickle.MARK, pickle.NONE, pickle.NEWTRUE, pickle.NEWFALSE,
    pickle.BININT, pickle.BININT1, pickle.BININT2, pickle.LONG1, pickle.SHORT_BINUNICODE, pickle.BINUNICODE,
    pickle.EMPTY_DICT, pickle.SETITEM, pickle.SETITEMS, pickle.EMPTY_TUPLE, pickle.TUPLE, pickle.TUPLE1,
    pickle.TUPLE2, pickle.TUPLE3, pickle.BINPUT, pickle.LONG_BINPUT, pickle.MEMOIZE, pickle.BINGET,
    pickle.LONG_BINGET, pickle.STACK_GLOBAL, pickle.REDUCE, pickle.NEWOBJ, pickle.BUILD,
)  # fmt: skip

Arrays = dict[str, npt.NDArray[Any]]


class _Name:
    """Stands for one of the three names that joblib's format mentions."""

    def __init__(self, name: str) -> None:
        self.name = name


class _Made:
    """Stands for an object that the file wants built: an array's description, or a dtype."""

    def __init__(self, name: str, arguments: tuple[Any, ...] = ()) -> None:
        self.name, self.arguments = name, arguments
        self.byte_order: object = None


_NAMES = {
    ("joblib.numpy_pickle", "NumpyArrayWrapper"): "wrapper",
    ("numpy", "ndarray"): "ndarray",
    ("numpy", "dtype"): "dtype",
}


class _Reader(pickle._Unpickler):
    """An unpickler that yields only built-in containers, strings, numbers and plain arrays."""

    stack: list[Any]

    def __init__(self, handle: IO[bytes], path: Path, size: int, mmap: bool) -> None:
        super().__init__(handle)
        self._handle, self._path, self._size, self._mmap = handle, path, size, mmap

    def refuse(self, why: str) -> ArtifactError:
        return ArtifactError(f"{self._path}: refused, nothing was run: {why}")

    def find_class(self, module: str, name: str) -> _Name:
        if (known := _NAMES.get((module, name))) is None:
            raise self.refuse(f"the file names {module}.{name}, which no model file needs")
        return _Name(known)

    def persistent_load(self, pid: object) -> Any:
        raise self.refuse("the file refers to objects outside itself")

    def load_reduce(self) -> None:
        arguments, function = self.stack.pop(), self.stack[-1]
        if not (isinstance(function, _Name) and function.name == "dtype" and isinstance(arguments, tuple)):
            raise self.refuse("the file asks for a function to be called")
        self.stack[-1] = _Made("dtype", arguments)

    def load_newobj(self) -> None:
        arguments, cls = self.stack.pop(), self.stack[-1]
        if not (isinstance(cls, _Name) and cls.name == "wrapper" and arguments == ()):
            raise self.refuse("the file asks for an object that is no array")
        self.stack[-1] = _Made("wrapper")

    def load_build(self) -> None:
        state, made = self.stack.pop(), self.stack[-1]
        if not isinstance(made, _Made):
            raise self.refuse("the file sets the state of an object that is no array")
        if made.name == "dtype":
            if not isinstance(state, tuple) or len(state) < 2 or any(x is not None for x in state[2:5]):
                raise self.refuse("an array has a structured element type")
            made.byte_order = state[1]
        else:
            self.stack[-1] = self._array(state)

    def _array(self, state: Any) -> npt.NDArray[Any]:
        if not isinstance(state, dict):
            raise self.refuse("an array has no description")
        shape, order, made = state.get("shape"), state.get("order"), state.get("dtype")
        cls = state.get("subclass")
        if not (isinstance(cls, _Name) and cls.name == "ndarray"):
            raise self.refuse("an array is of a class of its own")
        code = made.arguments[0] if isinstance(made, _Made) and made.arguments else None
        if code not in _DTYPES or made.byte_order not in ("<", "|"):  # type: ignore[union-attr]
            raise self.refuse(f"an array has elements of type {code!r}; expected little-endian numbers")
        if not isinstance(shape, tuple) or len(shape) > 2 or not all(type(n) is int and n >= 0 for n in shape):
            raise self.refuse(f"an array has the shape {shape!r}; expected one or two dimensions")
        if order not in ("C", "F") or state.get("numpy_array_alignment_bytes") != _ALIGNMENT:
            raise self.refuse("an array is stored in a layout that joblib 1.2 and later do not write")
        dtype = np.dtype("<" + str(code))
        count = 1
        for n in shape:
            count *= n
        padding = self._handle.read(1)
        self._handle.seek(padding[0] if padding else 0, os.SEEK_CUR)
        offset, n_bytes = self._handle.tell(), count * dtype.itemsize
        if offset + n_bytes > self._size:
            raise self.refuse(f"an array claims {n_bytes:,} bytes, {self._size - offset:,} are left; the file is cut short")
        if self._mmap and count:
            array: npt.NDArray[Any] = np.memmap(self._path, dtype, "r", offset, shape, order)
            self._handle.seek(offset + n_bytes)
            return array
        return np.frombuffer(self._handle.read(n_bytes), dtype=dtype).reshape(shape, order=order)

    dispatch: ClassVar[dict[int, Any]] = {op[0]: pickle._Unpickler.dispatch[op[0]] for op in _OPCODES}
    dispatch[pickle.REDUCE[0]] = load_reduce
    dispatch[pickle.NEWOBJ[0]] = load_newobj
    dispatch[pickle.BUILD[0]] = load_build


def write_artifact(path: Path, meta: dict[str, Any], arrays: Arrays) -> None:
    """Write a model file: aside first, then renamed, so that no reader ever sees half of one.

    Parameters
    ----------
    path : Path
    meta : dict
        Anything that JSON can hold.
    arrays : dict of str to numpy array
        One- or two-dimensional arrays of numbers.
    """
    import joblib

    text = json.dumps(meta, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    plain = {name: np.ascontiguousarray(arrays[name]) for name in sorted(arrays)}
    plain = {name: array.astype(array.dtype.newbyteorder("<")) for name, array in plain.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with aside.open("wb") as handle:
            joblib.dump({"format": FORMAT, "version": VERSION, "meta": text, "arrays": plain}, handle)
            handle.flush()
            os.fsync(handle.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def _to_version_2(meta: dict[str, Any], arrays: Arrays) -> tuple[dict[str, Any], Arrays]:
    return {**meta, "fine_labels": meta.get("labels"), "merge": {}}, arrays  # labels were fitted as they are reported


UPGRADES: dict[int, Callable[[dict[str, Any], Arrays], tuple[dict[str, Any], Arrays]]] = {1: _to_version_2}
"""Format version to the function that turns its contents into those of the next version."""


def read_artifact(path: Path, *, mmap: bool = False) -> tuple[dict[str, Any], Arrays]:
    """Read a model file without running anything in it.

    Parameters
    ----------
    path : Path
    mmap : bool
        Map the arrays into memory instead of reading them.

    Returns
    -------
    meta : dict
    arrays : dict of str to numpy array

    Raises
    ------
    ArtifactError
        The file is absent, damaged, hostile, or of a format version that this release does not know.
    """
    try:
        with path.open("rb") as handle:
            data = _Reader(handle, path, os.fstat(handle.fileno()).st_size, mmap).load()
    except ArtifactError:
        raise
    except FileNotFoundError:
        raise ArtifactError(f"{path}: no such model file") from None
    except OSError as error:
        raise ArtifactError(f"{path}: cannot be read: {error.strerror or error}") from None
    except KeyError as error:
        code = error.args[0]
        shown = f"0x{code:02x}" if isinstance(code, int) else repr(code)
        raise ArtifactError(f"{path}: no model file, or a damaged one (unexpected byte {shown}); nothing was run") from None
    except Exception as error:  # whatever a damaged stream can do to the unpickler
        raise ArtifactError(f"{path}: no model file, or a damaged one ({type(error).__name__}); nothing was run") from None
    return _check(path, data)


def _check(path: Path, data: Any) -> tuple[dict[str, Any], Arrays]:
    if not isinstance(data, dict) or set(data) != {"format", "version", "meta", "arrays"} or data["format"] != FORMAT:
        raise ArtifactError(f"{path}: not a model file of stance (joblib files of other origin are not read)")
    version, text, arrays = data["version"], data["meta"], data["arrays"]
    if type(version) is not int or not 1 <= version <= VERSION:
        raise ArtifactError(
            f"{path}: format version {version!r}; this release reads versions 1 to {VERSION}. Upgrade stance, or train anew"
        )
    if not isinstance(text, str) or len(text) > MAX_META:
        raise ArtifactError(f"{path}: the metadata is no text, or longer than {MAX_META:,} characters")
    try:
        meta = json.loads(text)
    except (ValueError, RecursionError):
        raise ArtifactError(f"{path}: the metadata is not JSON") from None
    if not isinstance(meta, dict) or not isinstance(arrays, dict):
        raise ArtifactError(f"{path}: the metadata is no object, or the arrays are no dictionary")
    for name, array in arrays.items():
        if not isinstance(name, str) or not isinstance(array, np.ndarray):
            raise ArtifactError(f"{path}: {name!r} among the arrays is no array")
    for number in range(version, VERSION):
        meta, arrays = UPGRADES[number](meta, arrays)
    return meta, arrays
