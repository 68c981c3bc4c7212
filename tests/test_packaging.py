"""What an installed Hamlet, without its checkout, must contain."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
SETUPTOOLS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
ROOMS = ("engine", "assets", "world", "agents", "recorder")


def test_every_folder_with_code_is_a_package_of_a_room_that_is_installed():
    assert {pattern.removesuffix("*") for pattern in SETUPTOOLS["packages"]["find"]["include"]} == set(ROOMS)
    folders = {path.parent for room in ROOMS for path in (ROOT / room).rglob("*.py")}
    assert len(folders) > len(ROOMS)
    assert [folder for folder in folders if not (folder / "__init__.py").is_file()] == []


def test_all_data_but_pages_and_their_pictures_is_installed():
    here = ROOT / "assets"
    data = {path for path in here.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    data = {path for path in data if path.suffix not in {".py", ".md"} and here / "pictures" not in path.parents}
    installed = {path for pattern in SETUPTOOLS["package-data"]["assets"] for path in here.glob(pattern)}
    assert data
    assert data - installed == set()
    elsewhere = [path for room in ROOMS[:1] + ROOMS[2:] for path in (ROOT / room).rglob("*.*") if path.is_file()]
    assert {path.suffix for path in elsewhere} - {".py", ".pyc", ".md"} == set()
