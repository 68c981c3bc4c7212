"""`hamlet validate` and `hamlet world map` as they are typed."""

from __future__ import annotations

import io
import json
import math
import operator
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image
from rich.console import Console

from engine import files, terminal, validation, world_commands
from engine.map_layers import LAYERS, STILL_WATER, Mapped
from engine.map_village import close_view, draw_village
from engine.maps import MAP_PX, draw_map
from engine.plots import new_figure, png, styled
from engine.processes import finished
from engine.scenario import load
from engine.scorecard_table import accepted, number, scorecard, summary
from engine.simulation import world_config
from engine.validation import Card
from engine.validation_page import page
from engine.world_commands import LAYER_NAMES
from tests.engine.typed import hamlet
from world.scorecard import panel
from world.scorecard.card import Chart, Metric, Result, Series
from world.scorecard.subject import Subject
from world.village.site import NoRoomError

SCENARIO = """
name = "small"
seed = 3
world = { size_m = 512 }
village = { villagers = 2 }
weather = { opening = "snow" }
"""


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("scenario") / "small.toml"
    path.write_text(SCENARIO)
    return path


@pytest.fixture(scope="module")
def mapped(scenario: Path) -> Mapped:
    return Mapped(world_config(load(str(scenario))))


def told(done: subprocess.CompletedProcess[str]) -> str:
    """What was printed, without its line breaks."""
    return " ".join(done.stdout.split())


def metric(key: str, value: float, **changes) -> Metric:
    given: dict = {
        "key": key,
        "name": f"the <{key}>",
        "group": "terrain",
        "unit": "m",
        "accepted": (1.0, 2.0),
        "source": "Nobody & Somebody 1900",
        "measure": lambda subject: value + 0.001 * subject.seed,
        "baseline": lambda subject: 1.5,
        "against": "noise",
    }
    return Metric(**(given | changes))


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> list[Metric]:
    """Figures of this test in place of the world's, measured in this process."""
    found: list[Metric] = []

    def serially(work, tasks, workers) -> Iterator:
        for task in tasks:
            yield task, work(task)

    monkeypatch.setattr(panel, "metrics", lambda groups: tuple(found))
    monkeypatch.setattr(Subject, "valley", None)
    monkeypatch.setattr(validation, "finished", serially)
    return found


def test_validate_ends_with_0_where_all_pass_and_1_where_some_fail(figures, scenario):
    figures[:] = [metric("width", 1.2), metric("depth", 1.3)]
    done = hamlet("validate", scenario, "--seeds", 3)
    assert (done.returncode, done.stderr) == (0, "")
    assert "2 of 2 figures pass over 3 seeds." in told(done)
    assert "0 of 2 with a baseline tell this world from it; not (~): terrain.width, terrain.depth." in told(done)
    figures.append(metric("slope", 5.0, baseline=lambda subject: 7.0))
    failed = hamlet("validate", scenario, "--seeds", 3)
    assert failed.returncode == 1
    assert "failed: terrain.slope." in told(failed)
    assert "FAILS" in failed.stdout
    assert all(len(line) <= 80 for line in failed.stdout.splitlines())


def test_the_json_file_has_every_value(figures, scenario, tmp_path):
    figures[:] = [
        metric("width", 1.2),
        metric("lakes", 0.0, measure=lambda subject: None, per_seed=False, baseline=None, against=""),
    ]
    target = tmp_path / "card.json"
    assert hamlet("validate", scenario, "--seeds", 2, "--json", target).returncode == 0
    card = json.loads(target.read_text())
    assert set(card) == {"format", "versions", "scenario", "seeds", "passed", "left_out", "results"}
    assert (card["format"], card["scenario"], card["seeds"], card["passed"]) == (1, "small", [3, 4], True)
    width, lakes = card["results"]
    assert width["values"] == pytest.approx([1.203, 1.204])
    assert width["quartiles"] == [pytest.approx(1.20325), pytest.approx(1.20375)]
    assert (width["verdict"], width["discriminates"], width["baseline_median"]) == ("pass", False, 1.5)
    assert (lakes["values"], lakes["verdict"], lakes["discriminates"]) == ([None], "nothing", None)
    assert not list(tmp_path.glob(".*"))  # nothing unfinished is left


def test_a_world_without_room_is_told_of_and_left_out(figures, scenario, monkeypatch):
    def no_room(subject):
        if subject.seed == 4:
            raise NoRoomError("no level ground")
        return 1.5

    figures[:] = [metric("width", 1.2, measure=no_room)]
    done = hamlet("validate", scenario, "--seeds", 3)
    assert done.returncode == 0
    assert "In part not measured: seed 4: no level ground." in told(done)


def test_the_sun_is_measured_in_processes_of_its_own(scenario):
    done = hamlet("validate", scenario, "--only", "sun", "--workers", 2)
    assert (done.returncode, done.stderr) == (0, "")
    assert "3 of 3 with a baseline tell this world from it." in told(done)


def test_tasks_come_back_with_what_was_made_of_them():
    assert sorted(finished(operator.neg, [1, 2, 3], 2)) == [(1, -1), (2, -2), (3, -3)]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--only", "moon"), "--only moon: there is no such group; choose from terrain"),
        (("--json", "/nowhere/card.json"), "/nowhere is not a folder"),
        (("--page", "/"), "/ is a folder: name a file"),
    ],
)
def test_what_validate_cannot_do_is_said_before_anything_is_measured(scenario, arguments, complaint):
    refused = hamlet("validate", scenario, *arguments)
    assert refused.returncode == 2
    assert complaint in refused.stderr
    assert refused.stderr.count("\n") == 1


@pytest.mark.parametrize("arguments", [("--seeds", 0), ("--workers", 0), ("--seeds", "many")])
def test_numbers_out_of_range_are_refused(scenario, arguments):
    assert hamlet("validate", scenario, *arguments).returncode == 2


def test_numbers_are_short_and_ranges_are_words():
    assert [number(value) for value in (None, 0.0, 0.12345, 12.345, 1234.5, 3.2e-9, math.nan)] == [
        "-", "0", "0.123", "12.3", "1234", "3.2e-9", "nan",
    ]  # fmt: skip
    ranges = [(0.3, 0.6), (0.0, 0.1), (0.5, math.inf), (-math.inf, 3.0)]
    texts = [accepted(Result(metric("x", 1.0, accepted=each), (1.0,))) for each in ranges]
    assert texts == ["0.3 to 0.6", "up to 0.1", "from 0.5", "up to 3"]


@pytest.mark.parametrize("columns", [24, 40, 79])
def test_a_narrow_terminal_gets_a_list_with_all_digits(columns):
    results = (
        Result(metric("width", 1.2), (1.2, 1.9, 2.4), (7.25, 7.25, 7.25)),
        Result(metric("error", 0.0, accepted=(0.0, 1e-6), hard=True, baseline=None, against=""), (1.25e-5, 3.75e-5)),
    )
    target = io.StringIO()
    Console(file=target, width=columns).print(scorecard(Card("small", (3, 4, 5), results), columns))
    assert all(len(line.rstrip()) <= columns for line in target.getvalue().splitlines())
    words = " ".join(target.getvalue().split())
    for wanted in ("the <width>, m", "1.9 1.55 2.15; accepted 1 to 2; baseline 7.25 noise", "Nobody & Somebody 1900"):
        assert wanted in words
    assert "FAILS the <error>, m 2.5e-5 1.9e-5 3.1e-5 in every world; accepted up to 1.0e-6" in words


def test_files_are_written_also_where_nobody_reads_what_is_printed(figures, scenario, tmp_path, monkeypatch):
    def closed(*_: object, **__: object) -> None:
        raise BrokenPipeError

    figures[:] = [metric("width", 1.2)]
    target = tmp_path / "card.json"
    monkeypatch.setattr(terminal.out, "print", closed)
    hamlet("validate", scenario, "--seeds", 2, "--json", target)
    assert json.loads(target.read_text())["passed"]


def test_ctrl_c_ends_with_a_sentence_of_what_was_written(figures, scenario, tmp_path, monkeypatch):
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    figures[:] = [metric("width", 1.2)]
    card, drawn = tmp_path / "card.json", tmp_path / "page.html"
    monkeypatch.setattr(world_commands, "_page", interrupted)
    stopped = hamlet("validate", scenario, "--seeds", 2, "--json", card, "--page", drawn)
    assert (stopped.returncode, stopped.stderr) == (130, f"hamlet: stopped; {card}: all values.\n")
    assert "1 of 1 figure" in told(stopped) and card.exists()  # which took long, and is not lost
    monkeypatch.setattr(world_commands, "load", interrupted)
    for command in (("validate", scenario), ("world", "map", scenario, "-o", tmp_path / "map.png")):
        stopped = hamlet(*command)
        assert (stopped.returncode, stopped.stderr) == (130, "hamlet: stopped; nothing was written.\n")
    assert [path.name for path in tmp_path.iterdir()] == ["card.json"]


def test_an_interrupted_file_leaves_nothing_half_written(tmp_path, monkeypatch):
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    target = tmp_path / "map.png"
    target.write_bytes(b"the old map")
    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        files.write(target, b"the new map")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("map.png", b"the old map")]


class Elements(HTMLParser):
    """What a page is made of: which elements stay open, and everything that is fetched."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.fetched: list[str] = []
        self.text = ""

    def handle_starttag(self, tag, attrs) -> None:
        if tag not in ("meta", "img"):
            self.open.append(tag)
        self.fetched += [value for name, value in attrs if name in ("src", "href", "xlink:href") and value]

    def handle_startendtag(self, tag, attrs) -> None:
        self.fetched += [value for name, value in attrs if name in ("src", "href", "xlink:href") and value]

    def handle_endtag(self, tag) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data) -> None:
        self.text += data


def test_the_page_is_whole_and_needs_nothing_else():
    results = (
        Result(metric("width", 1.2), (1.2, 1.9, 2.4), (1.5, 1.5, 1.5)),
        Result(metric("mass_error", 1e-9, accepted=(0.0, 1e-6), hard=True, baseline=None, against=""), (1e-9, 3e-12)),
        Result(metric("lakes", 0.0), (None,), (None,)),
    )
    line = Series("ours", np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    chart = Chart("c", "A <chart>", "x", "y", (line,), log_x=True, note="Read it & weep.")
    text = page(Card("small", (3, 4, 5), results), {"terrain": (chart,)}, b"\x89PNG")
    assert page(Card("small", (3, 4, 5), results), {"terrain": (chart,)}, b"\x89PNG") == text
    read = Elements()
    read.feed(text)
    assert read.open == []
    assert all(value.startswith(("data:image/png;base64,", "#")) for value in read.fetched)
    for wanted in ("the <width>", "Nobody & Somebody 1900", "passes", "nothing to measure", "Read it & weep."):
        assert wanted in read.text
    assert text.count("<circle") == 5  # a dot for every value


def test_the_summary_names_what_fails_and_what_is_blind():
    results = (
        Result(metric("a", 0.0), (5.0,), (1.5,)),
        Result(metric("b", 0.0), (1.5,), (5.0,)),
    )
    text = summary(Card("small", (3,), results)).plain
    assert "1 of 2 figures pass over 1 seed; failed: terrain.a." in text
    assert "1 of 2 with a baseline tell this world from it; not (~): terrain.a." in text


def test_every_layer_is_a_picture_of_its_own(mapped):
    pictures = set()
    for layer in LAYERS.values():
        content = png(draw_map(layer, mapped, "small"))
        image = Image.open(io.BytesIO(content))
        assert image.size == MAP_PX
        assert len(image.convert("RGB").getcolors(1 << 24) or ()) > 60, layer.key
        pictures.add(content)
    assert len(pictures) == len(LAYERS)


def test_north_is_up_and_east_is_right(mapped):
    """The water of the map is where the valley has it, pixel by pixel."""
    image = np.asarray(Image.open(io.BytesIO(png(draw_map(LAYERS["hillshade"], mapped, "small")))).convert("RGB"))
    blue = np.abs(image.astype(int) - np.round(255 * np.array(to_rgb(STILL_WATER)))).max(axis=2) <= 3
    rows, columns = np.nonzero(blue[:, : int(0.77 * MAP_PX[0])])  # the legend is beside
    side = 0.74 * MAP_PX[0]
    x = (columns - 0.03 * MAP_PX[0]) / side
    y = 1.0 - (rows - (MAP_PX[1] - 0.03 * MAP_PX[1] - side)) / side
    wet = mapped.valley.water_depth > 0.0
    assert wet.any()
    row = np.clip(np.round(y * (wet.shape[0] - 1)), 0, wet.shape[0] - 1).astype(int)
    column = np.clip(np.round(x * (wet.shape[1] - 1)), 0, wet.shape[1] - 1).astype(int)
    assert wet[row, column].mean() > 0.9
    assert max(turned[row, column].mean() for turned in (wet[::-1], wet[:, ::-1], wet.T)) < 0.5


def test_the_names_of_places_do_not_hide_each_other(mapped):
    with styled():
        for side in (400, 1200):
            axes = new_figure(side, side).add_axes((0, 0, 1, 1))
            axes.set_xlim(*(edge / 1000 for edge in close_view(mapped.valley)[::2]))
            axes.set_ylim(*(edge / 1000 for edge in close_view(mapped.valley)[1::2]))
            draw_village(axes, mapped.valley, named=True)
            boxes = [text.get_window_extent() for text in axes.texts]
            assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
    named = {text.get_text() for text in axes.texts}
    assert {"square", "well"} <= named <= {place.name.removeprefix("the ") for place in mapped.valley.places}


def test_the_same_world_gives_the_same_picture(mapped):
    assert png(draw_map(LAYERS["rivers"], mapped, "small")) == png(draw_map(LAYERS["rivers"], mapped, "small"))


def test_snow_lies_where_it_snows_and_a_flood_is_none_at_the_beginning(mapped):
    snow = LAYERS["snow"].values(mapped)
    assert snow.max() > 1.0
    assert np.count_nonzero(LAYERS["flood"].values(mapped)) == 0


def test_map_writes_the_file_and_says_so(scenario, tmp_path):
    target = tmp_path / "a [bold] map.png"
    done = hamlet("world", "map", scenario, "--layer", "heights", "--layer", "soil", "-o", target)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"{target}: 2 maps of small." in done.stdout
    assert Image.open(target).width > Image.open(target).height


def test_the_layers_named_in_the_help_are_those_there_are():
    assert tuple(LAYERS) == LAYER_NAMES


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--layer", "rivres"), "--layer rivres: there is no such layer; choose from heights, hillshade, rivers"),
        (("-o", "/nowhere/map.png"), "/nowhere is not a folder"),
        (("-o", "/"), "/ is a folder: name a file"),
        (("-o", "/dev/null"), "/dev/null is no ordinary file: name another"),
        (("-o", "m" * 251 + ".png"), "cannot be written (File name too long)"),
        (("--at", "soon"), "--at: 'soon' is not a duration"),
        (("--at", "2000h"), "choose a moment within 31 days"),
    ],
)
def test_what_map_cannot_do_is_one_sentence(scenario, arguments, complaint):
    refused = hamlet("world", "map", scenario, *arguments)
    assert refused.returncode == 2
    assert complaint in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_without_matplotlib_the_remedy_is_named(figures, scenario, tmp_path, monkeypatch):
    figures[:] = [metric("width", 1.2)]
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    for command in (("world", "map", scenario), ("validate", scenario, "--page", tmp_path / "page.html")):
        refused = hamlet(*command)
        assert refused.returncode == 2
        assert "pip install 'hamlet-valley[plots]'" in refused.stderr
        assert refused.stderr.count("\n") == 1
    assert hamlet("validate", scenario, "--seeds", 1).returncode == 0  # which draws nothing


def test_a_station_that_is_gone_is_told_in_one_sentence(tmp_path):
    gone = tmp_path / "gone.toml"
    gone.write_text('[world]\nsize_m = 256\n[climate]\nstation = "nowhere.csv"\n')
    typed = hamlet("world", "map", str(gone), "--layer", "heights", "-o", str(tmp_path / "map.png"))
    assert typed.returncode == 2
    assert typed.stderr == f"hamlet: {tmp_path / 'nowhere.csv'}: cannot be read (No such file or directory).\n"
    assert not (tmp_path / "map.png").exists()
