import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.quantities import format_duration, parse_duration, parse_size
from engine.scenario import MODALITIES, ScenarioError, load, shipped


def test_the_shipped_scenarios_load():
    worlds = {"valley", "storm", "market_day", "flood", "winter", "autumn"}
    assert set(shipped()) == worlds | {"rumour", "party", "smallville"}
    for name in shipped():
        assert load(name).name == name


def test_defaults_make_a_whole_scenario(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("")
    scenario = load(str(path))
    assert scenario.name == "mine"
    assert scenario.capture.modalities == MODALITIES
    assert scenario.ticks == 120 * 16
    assert scenario.ticks_per_frame == 8


BAD = {
    "seeds = 3": ["seeds", "unknown key", "seed"],
    "[village]\nvillagers = 0": ["village.villagers", "0", "greater than or equal to 1"],
    "[village]\nvillager = 3": ["village.villager", "unknown key", "villagers"],
    "[capture]\nfps = 3": ["capture.fps", "3", "does not divide", "16", "1, 2, 4, 8, 16"],
    "[capture]\nfps = nan": ["capture.fps", "nan"],
    "[population]\nwomen = 2": ["population.women", "2", "less than or equal to 1"],
    "[population]\nyoung = 0.6\nold = 0.7": ["young = 0.6", "old = 0.7", "everybody"],
    "[population]\nages = { kids = 1 }": ["ages 'kids'", "16-24"],
    "[population.trades]\nwizard = 1": ["trades.wizard", "smith"],
    "[population.traits.extraversion]\nmean = 2": ["population.traits.extraversion.mean", "2", "0.9"],
    "[population.traits.charm]\nmean = 0.5": ["population.traits.charm", "unknown key", "openness"],
    "[ablation]\nfeelings = false": ["ablation.feelings", "unknown key", "emotion"],
    "[[person]]\nname = 'Ann'\n[[person]]\nname = 'Ann'": ["'Ann'", "different"],
    "[village]\nvillagers = 1\n[[person]]\nage = 30\n[[person]]\nage = 31": ["2 are described", "villagers is 1"],
    "[world]\ntick_rate = 0": ["world.tick_rate", "0"],
    "[weather]\nopening = 'sunny'": ["weather.opening", "sunny", "clear"],
    "[capture]\nduration = '5 parsecs'": ["capture.duration", "5 parsecs", "5min"],
    "[capture]\nmodalities = 'rgb,xray'": ["capture.modalities", "xray", "depth"],
    "[capture]\nsize = '1x1'": ["capture.size", "1x1", "640x480"],
    "[place]\nlatitude = 91": ["place.latitude", "91", "90"],
    "[place]\nstart = 2026-01-01T00:00:00Z": ["place.start", "time zone"],
    "place = 3": ["place", "table"],
    "a ==": ["not valid TOML", "line 1"],
    "[[camera]]\nname = 'a'\nkind = 'orbit'\nfoo = 1": ["camera.0.foo", "unknown key", "distance_m"],
    "[[camera]]\nname = 'a'\nkind = 'follow'\nvillager = 12": ["'a'", "12", "0 to 11"],
    "[[camera]]\nname = 'a'\nkind = 'fixed'": ["position", "look_at"],
    "[[camera]]\nname = 'a'\nkind = 'orbit'\n[[camera]]\nname = 'a'\nkind = 'orbit'": ["camera names", "different"],
    "[[gathering]]\nstarts = 2026-06-12T19:00:00\nwhere = 1": ["gathering.0.where", "unknown key", "at, starts"],
    "[[news]]\nabout = 1": ["news.0.about", "unknown key", "kind, who"],
    "[gathering]\nstarts = 2026-06-12T19:00:00": ["gathering", "[[gathering]]"],
    "news = 'fire'": ["news = 'fire'", "[[news]]"],
    '[[gathering]]\nstarts = 2026-06-12T19:00:00\nwhat = "a\\nfire"': ["gathering.0.what", "one line"],
    '[[person]]\nsecret = "a\\tb"': ["person.0.secret", "one line"],
    "[[person]]\nname = 'ann'": ["person.0.name", "'ann'", "capital"],
    "[[person]]\ntrade = 'Smith'": ["person.0.trade", "'Smith'", "small letters and spaces"],
    "camera = []": ["camera", "at least one"],
    "camera = 5": ["camera = 5", "[[camera]]"],
    "[camera]\nname = 'a'": ["camera", "[[camera]]"],
    "seed = " + "9" * 5000: ["4300 digits"],
    "x = " + "[" * 5000: ["nested too deeply"],
    f"place = [{'1, ' * 9999}]": ["place = [1, 1, 1", "..."],
    "[capture]\nsize = [0, -5]": ["capture.size", "0x-5", "16 to 8192"],
    "[capture]\nsize = 640": ["capture.size", "640x480"],
    "[capture]\nfps = 1e-320": ["capture.fps", "0.001"],
    "[place]\nstart = 12345": ["place.start", "12345", "2026-06-12T09:30:00"],
    "[place]\nstart = 9999-12-31T23:59:59": ["place.start", "9999", "1000 to 2999"],
    "[place]\nstart = 0001-01-01T00:00:00": ["place.start", "0001", "1000 to 2999"],
    "[[camera]]\nname = 'a'\nkind = 'fixed'\nposition = [1e300, 0, 0]\nlook_at = [0, 0, 0]": ["position.0", "20000"],
    "[[camera]]\nname = 'a'\nkind = 'fixed'\nposition = [1, 2, 3]\nlook_at = [1, 2, 3]": ["camera.0", "look_at"],
    "[[camera]]\nname = 'a'\nkind = 'fixed'\nposition = [0, 0]": ["camera.0.position = [0, 0]", "2 values"],
    "[[camera]]\nname = 'a'\nkind = 'orbit'\ndistance_m = true": ["camera.0.distance_m = true", "write a number"],
    "[randomise]\nsmooth = 'yes'": ["randomise.smooth = 'yes'", "true or false"],
    "[randomise]\nsmooth = 1": ["randomise.smooth = 1", "true or false"],
    "[randomise]\nhour = [1, true]": ["randomise.hour.1 = true", "write a number"],
    "[village]\nvillagers = 12.0": ["village.villagers = 12.0", "whole number"],
    "[village]\nvillagers = true": ["village.villagers = true", "whole number"],
    "seed = '7'": ["seed = '7'", "whole number"],
    "[capture]\nduration = true": ["capture.duration = true", "write a number"],
    "[ablation]\nmemory = 'false'": ["ablation.memory = 'false'", "true or false"],
    "[language]\nmodel = 3": ["language.model = 3", "in quotes"],
    "[population]\nages = { '16-24' = true }": ["population.ages.16-24 = true", "write a number"],
    "[place]\nstart = 09:30:00": ["place.start = '09:30:00'", "2026-06-12T09:30:00"],
    "[[camera]]\nname = 'a'\nkind = 'drone'\npath = ['mill', [1, true]]": ["path.1.point.1 = true", "write a number"],
    "x" + ".a" * 20_000 + " = 1": ["nested too deeply"],
    "seed = 0x" + "f" * 5000: ["4300 digits"],
    "[[camera]]\nname = 'a'\nkind = 'orbit'\ndistortion = 0.1": ["camera.0.distortion = 0.1", "brackets"],
    "[randomise]\nweather = 'rain'": ["randomise.weather = 'rain'", "brackets"],
    "news = 3": ["news = 3", "[[news]]"],
    "[randomise]\nhour = [1, 2, 3]": ["randomise.hour = [1, 2, 3]", "3 values", "takes 2"],
    "name = 'Has Space'": ["Has Space", "small letters"],
    "[[weather.spell]]\nkind = 'rain'\nat = 0\nlasts = 5\nfoo = 1": ["weather.spell.0.foo", "unknown key", "arrives"],
    "[weather]\nspell = 'rain'": ["weather.spell = 'rain'", "[[weather.spell]]"],
    "[weather]\nspell = [1]": ["weather.spell.0 = 1", "[[weather.spell]]"],
    "[weather]\nopening = 1": ["weather.opening = 1", "climate"],
    '[climate]\nstation = "\\u0000"': ["climate.station", "no path"],
}


@pytest.mark.parametrize("text", BAD)
def test_a_bad_scenario_is_one_sentence_with_file_key_value_and_remedy(tmp_path, text):
    path = tmp_path / "bad.toml"
    path.write_text(text)
    with pytest.raises(ScenarioError) as caught:
        load(str(path))
    message = str(caught.value)
    assert "\n" not in message
    assert message.endswith(".")
    for part in (str(path), *BAD[text]):
        assert part in message


@pytest.mark.parametrize("content", [bytes(range(256)), "seed = 3".encode("utf-16")])
def test_a_scenario_that_is_no_text_says_so(tmp_path, content):
    path = tmp_path / "bad.toml"
    path.write_bytes(content)
    with pytest.raises(ScenarioError, match=r"bad\.toml: is no UTF-8 text"):
        load(str(path))


def test_names_that_are_no_path_are_refused():
    for name in ("a\0b", "x" * 5000, "."):
        with pytest.raises(ScenarioError):
            load(name)


@pytest.mark.parametrize("content", [b"\xef\xbb\xbfseed = 3\n", b"seed = 3\r\n[place]\r\nlatitude = 10\r\n"])
def test_what_other_editors_save_is_read(tmp_path, content):
    path = tmp_path / "saved.toml"
    path.write_bytes(content)
    assert load(str(path)).seed == 3


def test_any_file_name_makes_a_scenario_name(tmp_path):
    for stem in ("My Valley", "01 storm.v2", "тест"):
        path = tmp_path / f"{stem}.toml"
        path.write_text("")
        assert load(str(path)).name


def test_an_unknown_name_lists_those_there_are():
    with pytest.raises(ScenarioError, match="market_day, party, rumour, smallville, storm, valley"):
        load("atlantis")


def test_overrides_are_checked_like_the_file():
    assert load("valley", {"capture.fps": 8, "seed": 3}).capture.fps == 8
    with pytest.raises(ScenarioError, match=r"capture\.fps"):
        load("valley", {"capture.fps": 5})


@given(st.text(max_size=40))
def test_durations_and_sizes_never_crash(text):
    for parse in (parse_duration, parse_size):
        try:
            parse(text)
        except ValueError as error:
            assert repr(text)[1:-1] in repr(str(error)) or text in str(error)


def test_durations_and_sizes():
    assert parse_duration("1h30min") == 5400
    assert parse_duration("90") == parse_duration("1min 30s") == 90
    assert parse_size("640x480") == (640, 480)
    assert format_duration(5400) == "1 h 30 min"
    assert format_duration(0) == "0 s"
