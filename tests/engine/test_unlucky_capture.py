"""A capture whose model is lost, or that is stopped while its products are made: nothing hidden, nothing half there."""

import pytest

import engine.products
from agents.language.templates import TemplateVoice
from engine.capture import Capture
from engine.products import OutputError
from engine.provenance import Model
from engine.scenario import build
from engine.voice import lost_words
from recorder.reader import Session

SCENARIO = {
    "name": "unlucky",
    "world": {"size_m": 512},
    "village": {"villagers": 2},
    "capture": {"duration": 1.0, "fps": 1.0, "size": (32, 24), "modalities": ("rgb",)},
}


class LostVoice(TemplateVoice):
    fallbacks = 3
    failure = "the model's process ended (signal 9)"


def captured(folder, voice):
    capture = Capture(build(SCENARIO, "test"), folder, voice, Model("some.gguf", "abc"))
    *_, last = capture.run()
    return capture, last


def test_lines_the_model_lost_are_counted_in_the_recording(tmp_path):
    voice = LostVoice()
    capture, last = captured(tmp_path, voice)
    assert (last.lost_lines, last.lost_reason) == (3, LostVoice.failure)
    with Session.open(capture.path) as session:
        assert session.summary["lost_lines"] == 3
        assert session.summary["lost_reason"] == LostVoice.failure
    assert "3 lines were" in str(lost_words(voice))
    assert LostVoice.failure in str(lost_words(voice))
    assert not lost_words(TemplateVoice())


@pytest.mark.parametrize(
    ("blow", "felt"), [(KeyboardInterrupt(), KeyboardInterrupt), (OSError(28, "No space left on device"), OutputError)]
)
def test_a_product_that_was_not_finished_is_not_there(tmp_path, monkeypatch, blow, felt):
    def half(_session, path, **_options):
        path.mkdir()
        (path / "some").write_bytes(b"half")
        raise blow

    monkeypatch.setattr(engine.products, "write_frames", half)
    capture, _ = captured(tmp_path, TemplateVoice())
    with pytest.raises(felt):
        list(capture.products())
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"session.hamlet", "director.mp4", "contact_sheet.png", "dialogue.txt", "dialogue.srt"}
    assert Session.open(capture.path).complete
