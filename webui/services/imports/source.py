"""The file as it was sent: JSON, or a zip archive with JSON in it. Nothing is ever unpacked to a disk."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic_core import from_json

from webui.services.exports.archive import FORMAT, MANIFEST
from webui.services.imports.splitter import KNOWN, BrokenFile

# What archives call their chats: ours, and those of other products. Large ones come in numbered parts.
CHATS = re.compile(r"(?:.*/)?(?:chats|conversations(?:-\d+)?)\.json")
ZIP_MAGIC = b"PK\x03\x04"
MAX_DIRECTORY = 16 * 1024 * 1024  # bytes of an archive's list of files, which zipfile reads whole
MAX_RATIO = 200  # of unpacked to packed; text is seldom packed to less than a tenth
SMALL = 1024 * 1024  # bytes that may be packed as well as they can
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # others take as much memory as the archive says
IS_ENCRYPTED = 0x1

Read = Callable[[int], bytes]


class Source:
    """A file that is read from its beginning to its end; ``position`` is how far that is, in bytes of it."""

    def __init__(self, path: Path, max_size: int) -> None:
        self._file = _Bounded(path)
        self._max_size = max_size

    @property
    def position(self) -> int:
        return self._file.tell()

    def close(self) -> None:
        self._file.close()

    def documents(self) -> Iterator[tuple[str, Read]]:
        """The JSON with chats: name, if it has one, and what reads it. ``BrokenFile`` for what is not to be trusted."""
        if not self._is_zip():
            yield "", self._file.read
            return
        with _explained("The archive"), zipfile.ZipFile(self._file) as archive:
            found = sorted((item for item in archive.infolist() if CHATS.fullmatch(item.filename)), key=_name)
            if not found:
                raise BrokenFile(f"There is neither a chats.json nor a conversations.json in the archive. {KNOWN}.")
            if sum(item.file_size for item in found) > self._max_size:
                raise BrokenFile(f"The chats in the archive are larger than {self._max_size} bytes when unpacked.")
            yield from _members(archive, found)

    def extras(self, names: Collection[str]) -> Iterator[tuple[str, Read]]:
        """What an archive of this server has under these names; others' may have files of the same names."""
        if not self._is_zip():
            return
        with _explained("The archive"), zipfile.ZipFile(self._file) as archive:
            found = {item.filename: item for item in archive.infolist()}
            if MANIFEST in found and _is_ours(archive, found[MANIFEST]):
                yield from _members(archive, [found[name] for name in names if name in found])

    def _is_zip(self) -> bool:
        self._file.seek(0)
        is_zip = self._file.read(len(ZIP_MAGIC)) == ZIP_MAGIC
        self._file.seek(0)
        return is_zip


class _Bounded(io.FileIO):
    """A file of which only small pieces are read at once, and none before its beginning, whatever an archive says."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > MAX_DIRECTORY:
            raise zipfile.BadZipFile("its list of files is too long")
        return super().read(-1 if size is None else size)

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        if offset < 0 and whence == io.SEEK_SET:
            raise zipfile.BadZipFile("its list of files points out of it")
        return super().seek(offset, whence)


def _members(archive: zipfile.ZipFile, found: list[zipfile.ZipInfo]) -> Iterator[tuple[str, Read]]:
    for item in found:
        _check(item)
    for item in found:
        with archive.open(item) as member:
            yield item.filename, _explained_read(item.filename, member.read)


def _check(item: zipfile.ZipInfo) -> None:
    if item.flag_bits & IS_ENCRYPTED:
        raise BrokenFile(f"{item.filename} is encrypted; send an archive without a password.")
    if item.compress_type not in METHODS:
        raise BrokenFile(f"{item.filename} is packed in an unusual way; use a common zip archive.")
    if item.file_size > max(MAX_RATIO * item.compress_size, SMALL):
        raise BrokenFile(f"{item.filename} would unpack to more than {MAX_RATIO} times its size.")


def _is_ours(archive: zipfile.ZipFile, manifest: zipfile.ZipInfo) -> bool:
    _check(manifest)
    with archive.open(manifest) as file:
        content = _explained_read(MANIFEST, file.read)(SMALL)
    try:
        value = from_json(content)
    except ValueError:  # somebody else's
        return False
    return isinstance(value, dict) and value.get("format") == FORMAT


def _name(item: zipfile.ZipInfo) -> str:
    return item.filename


def _explained_read(name: str, read: Read) -> Read:
    def explained(size: int) -> bytes:
        with _explained(name):
            return read(size)

    return explained


@contextmanager
def _explained(name: str) -> Iterator[None]:
    """Failures of unpacking in words."""
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError) as error:
        raise BrokenFile(f"{name} is damaged or cut off: {error or 'it ends too early'}.") from None
