"""The tests keep their valleys beside their other leftovers, not in the cache of whoever runs them."""

from __future__ import annotations

import os
from pathlib import Path

os.environ["HAMLET_CACHE"] = str(Path(__file__).parents[1] / ".pytest_cache" / "valleys")
