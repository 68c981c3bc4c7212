"""What the pages show works as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.recorder import synthetic

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("page", ["README.md", "recorder/README.md"])
def test_python_on_the_page_runs(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL)
    assert blocks
    (tmp_path / "demo").mkdir()
    synthetic.write_session(tmp_path / "demo" / "session.hamlet", cameras=("overlook", "street"))
    monkeypatch.chdir(tmp_path)
    for block in blocks:
        seen: dict[str, object] = {}
        exec(compile(block, page, "exec"), seen)
        assert "session" in seen or "writer" in seen
