"""Opening files, packed or not, as bounded streams: a zip bomb is refused while it unpacks, not after."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from stance.articles.records import ReadLimits, UnreadableError

BUFFER = 1 << 16


class Budget:
    """How much one archive has unpacked so far, against what it may."""

    def __init__(self, limits: ReadLimits) -> None:
        self.limits, self.unpacked = limits, 0

    def spend(self, count: int, packed: int) -> None:
        """Count unpacked bytes; `packed` is how many packed bytes all of them came from.

        Raises
        ------
        UnreadableError
            A bound is crossed.

        """
        self.unpacked += count
        self.check(self.unpacked, packed)

    def check(self, unpacked: int, packed: int) -> None:
        """Raise `UnreadableError` where so many bytes are too many, or too many for so few packed ones."""
        limits = self.limits
        if unpacked > limits.unpacked_bytes:
            raise UnreadableError(
                f"unpacks to more than {limits.unpacked_bytes:,} bytes; refused. Unpack it, and read the parts"
            )
        if unpacked > limits.ratio_from and unpacked > limits.ratio * max(packed, 1):
            raise UnreadableError(
                f"unpacks to more than {limits.ratio:g} times its size, as a zip bomb does; refused. "
                "If you trust it, unpack it first"
            )


class _Bounded(io.RawIOBase):
    """A raw stream that fills every buffer it is given (so that one `peek` shows a whole sample) and keeps count."""

    def __init__(self, inner: IO[bytes], spend: Callable[[int], None] | None) -> None:
        self._inner, self._spend = inner, spend

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        filled = 0
        while filled < len(buffer) and (part := self._inner.read(len(buffer) - filled)):
            buffer[filled : filled + len(part)] = part
            filled += len(part)
        if filled and self._spend is not None:
            self._spend(filled)
        return filled


def bounded(inner: IO[bytes], spend: Callable[[int], None] | None = None) -> io.BufferedReader:
    """Return a buffered stream over another, which stays the caller's to close."""
    return io.BufferedReader(_Bounded(inner, spend), BUFFER)


@contextmanager
def unpacking(handle: IO[bytes], name: str, limits: ReadLimits) -> Iterator[io.BufferedReader]:
    """Give a bounded stream over an open file, through gzip if its name ends so."""
    if not name.lower().endswith(".gz"):
        yield bounded(handle)
        return
    budget = Budget(limits)
    with gzip.GzipFile(fileobj=handle) as unpacked:
        yield bounded(unpacked, lambda count: budget.spend(count, handle.tell()))  # type: ignore[arg-type]


def check_zip(archive: zipfile.ZipFile, limits: ReadLimits) -> None:
    """Refuse an archive by what it says of itself, before a byte is unpacked."""
    infos = archive.infolist()
    if len(infos) > limits.members:
        raise UnreadableError(
            f"holds {len(infos):,} files, more than {limits.members:,}; refused. Unpack it, and read the folder"
        )
    Budget(limits).check(sum(i.file_size for i in infos), sum(i.compress_size for i in infos))


def zip_members(
    path: Path, limits: ReadLimits, wanted: Callable[[str], bool]
) -> Iterator[tuple[str, io.BufferedReader | UnreadableError]]:
    """Yield the name of each wanted file of a zip archive, in order of names, with its stream or what bars it.

    Directories and hidden files (``.name``, ``__MACOSX``) are passed over. A stream is good until the next is asked for.
    """
    with zipfile.ZipFile(path) as archive:
        check_zip(archive, limits)
        budget, packed = Budget(limits), 0
        for info in sorted(archive.infolist(), key=lambda info: info.filename):
            parts = info.filename.split("/")
            if (
                info.is_dir()
                or any(p.startswith(".") or p == "__MACOSX" for p in parts)
                or not wanted(info.filename)
            ):
                continue
            packed += info.compress_size
            if info.flag_bits & 1:
                yield info.filename, UnreadableError("is locked with a password; unpack it first")
                continue
            # A header can lie about its sizes; what really comes out is counted against the whole file's size.
            so_far = min(packed, path.stat().st_size)
            try:
                member = archive.open(info)
            except (NotImplementedError, zipfile.BadZipFile, OSError, RuntimeError) as error:
                yield info.filename, UnreadableError(f"cannot be unpacked: {error}")
                continue
            with member:
                yield info.filename, bounded(member, lambda count, so_far=so_far: budget.spend(count, so_far))  # type: ignore[misc]


def whole(stream: IO[bytes], limit: int) -> bytes:
    """Return all that a stream holds; raise `UnreadableError` if that is more than `limit` bytes or nothing."""
    data = bytearray()
    # in parts, for one read of so many bytes would take the memory for all of them beforehand
    while len(data) <= limit and (part := stream.read(min(1 << 20, limit + 1 - len(data)))):
        data += part
    if not data:
        raise UnreadableError("empty: there is nothing in it")
    if len(data) > limit:
        raise UnreadableError(
            f"longer than {limit:,} bytes, the limit of one record; cut it up, or raise the limit"
        )
    return bytes(data)
