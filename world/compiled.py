"""Machine code for the loops that cannot be vectorised, with the same results as the plain Python.

It is kept on disk in a folder named by the sources of all compiled functions: numba looks only at the file of the
function itself, and would go on using machine code in which another file's function, since changed, is built in.
Nor does numba notice damage, or go on where the disk is full; here such code is made anew, and lives in memory.
"""

from __future__ import annotations

import hashlib
import logging
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from numba import njit
from numba.core.caching import CompileResultCacheImpl, FunctionCache, UserProvidedCacheLocator
from numba.core.dispatcher import Dispatcher
from numba.core.serialize import dumps

from world.folder import folder, read_whole, write_whole

Function = TypeVar("Function", bound=Callable[..., Any])

log = logging.getLogger("hamlet.world")
unkept: set[str] = set()  # folders that were told of, each once


def _sources() -> str:
    digest = hashlib.sha256(numba.__version__.encode())
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        source = path.read_bytes()
        if b"@compiled" in source:
            digest.update(source)
    return digest.hexdigest()[:16]


CODE = folder() / f"code-{_sources()}"
if not numba.config.CACHE_DIR:  # unless $NUMBA_CACHE_DIR says otherwise
    numba.config.CACHE_DIR = str(CODE)


class _Anywhere(UserProvidedCacheLocator):  # type: ignore[misc] # numba has no types
    """The folder named above and no other: numba would go on to one that is not named by all sources."""

    def ensure_cache_path(self) -> None:
        pass  # made when something is written to it


class _Implementation(CompileResultCacheImpl):  # type: ignore[misc]
    _locator_classes = (_Anywhere,)


class _Files:
    """Compiled functions of one name, a file for each kind of arguments; what numba calls a cache file."""

    def __init__(self, where: Path, name: str, stamp: object) -> None:
        self._where, self._name, self._stamp = where, name, stamp

    def path(self, key: object) -> Path:
        digest = hashlib.sha256(repr((numba.__version__, self._stamp, key)).encode())
        return self._where / f"{self._name}.{digest.hexdigest()[:16]}.code"

    def load(self, key: object) -> Any:
        content = read_whole(self.path(key))
        return None if content is None else pickle.loads(content)  # noqa: S301 - our own, and whole

    def save(self, key: object, code: object) -> None:
        write_whole(self.path(key), dumps(code))

    def flush(self) -> None:
        for path in self._where.glob(f"{self._name}.*.code"):
            path.unlink(missing_ok=True)


class _KeptCode(FunctionCache):  # type: ignore[misc]
    _impl_class = _Implementation

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        locator = self._impl.locator
        self._cache_file = _Files(Path(locator.get_cache_path()), self._impl.filename_base, locator.get_source_stamp())

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep machine code; where that fails, say so once and go on."""
        try:
            super().save_overload(sig, data)
        except OSError as error:
            where = str(numba.config.CACHE_DIR)
            if where not in unkept:
                log.warning("cannot keep machine code in %s (%s); it will be made again", where, error.strerror)
            unkept.add(where)


def keep_code(function: Any) -> None:
    """Keep the machine code of a function that numba compiles; nothing to do where it compiles nothing."""
    if isinstance(function, Dispatcher):
        function._cache = _KeptCode(function.py_func)  # type: ignore[attr-defined] # numba knows no other way


def compiled(function: Function) -> Function:
    """Compile with numba, kept on disk; neither fast-math nor threads, so NUMBA_DISABLE_JIT=1 gives the same bytes."""
    return _kept(function, njit)


def compiled_apart(function: Function) -> Function:
    """As `compiled`, of what other threads need not wait for: called from Python it lets go of the interpreter's lock.

    That costs a tenth of a microsecond a call, and nobody may touch its arrays meanwhile.
    """
    return _kept(function, njit(nogil=True))


def _kept(function: Function, compile_: Callable[..., Any]) -> Function:
    made = compile_(function)
    keep_code(made)
    return cast(Function, made)
