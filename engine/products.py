"""What people open beside a session: videos, a contact sheet, the dialogue and loose frames, in one folder."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from recorder.container import SessionError
from recorder.dialogue import write_dialogue, write_srt
from recorder.files import SESSION_FILE
from recorder.loose import write_frames
from recorder.reader import Session
from recorder.sheet import moments, write_contact_sheet
from recorder.video import write_video

CONTACT_SHEET, DIALOGUE, SUBTITLES, FRAMES = "contact_sheet.png", "dialogue.txt", "dialogue.srt", "frames"


class OutputError(ValueError):
    """The output folder cannot be used; the message says why and what to do."""


def prepare_folder(out: Path, cameras: Iterable[str] = ()) -> Path:
    """Make the folder and return the path its session will have.

    Raises:
        OutputError: if it holds a session or a product that would be replaced, or cannot be written.
    """
    path = out / SESSION_FILE
    videos = (f"{camera}.mp4" for camera in cameras)
    try:
        if path.exists():
            raise OutputError(f"{path} {_what_is_there(path)}: name another folder with --out, or remove it first.")
        for name in (*videos, CONTACT_SHEET, DIALOGUE, SUBTITLES, FRAMES):
            if (out / name).exists():
                raise OutputError(
                    f"{out / name} is there already and would be replaced: name another folder with --out."
                )
        out.mkdir(parents=True, exist_ok=True)
        probe = out / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise OutputError(f"{out} cannot be written ({error.strerror}): name another folder with --out.") from None
    return path


@contextmanager
def nothing_left(out: Path) -> Iterator[None]:
    """Remove the folder again, and those made for it, if what is done in here fails and they are empty."""
    missing = [folder for folder in (out, *out.parents) if not folder.exists()]
    try:
        yield
    except BaseException:
        with suppress(OSError):  # not made, or something is in it
            for folder in missing:
                folder.rmdir()
        raise


def _what_is_there(path: Path) -> str:
    try:
        with Session.open(path) as session:
            return "is a recording already" if session.ticks else "was begun and holds no tick"
    except SessionError:
        return "was begun and holds nothing that can be read"


def products(path: Path, fps: float, loose_frames: bool = False) -> Iterator[tuple[str, Path]]:
    """Make the videos, the contact sheet, the texts and the loose frames of a session; yields each as it is done.

    A camera without rgb, such as a lidar, has no video; where there are no frames at all, there are only the texts.

    Loose frames are those of the contact sheet's moments, or all of them. Each product appears beside the session
    under its name only when it is whole.

    Args:
        path: the session; its folder gets the products.
        fps: of the videos, frames per second of world time.
        loose_frames: whether to write every frame as files.

    Raises:
        OutputError: a product cannot be made or written.
    """
    with Session.open(path) as session:
        yield "session", path
        for name in session.cameras:
            if any("rgb" in frame.modalities for frame in session.frames(name)):
                yield f"video, camera {name}", _whole(path, partial(write_video, session, name, fps=fps), f"{name}.mp4")
        if session.frames():
            yield "contact sheet", _whole(path, partial(write_contact_sheet, session), CONTACT_SHEET)
        yield "dialogue", _whole(path, partial(write_dialogue, session), DIALOGUE)
        yield "subtitles", _whole(path, partial(write_srt, session), SUBTITLES)
        if not session.frames():
            return
        frames = partial(write_frames, session, frames=None if loose_frames else moments(session))
        yield "all frames as files" if loose_frames else "some frames as files", _whole(path, frames, FRAMES)


def _whole(session: Path, write: Callable[[Path], Path], name: str) -> Path:
    product, unfinished = session.with_name(name), session.with_name(f".unfinished-{name}")
    try:
        return write(unfinished).replace(product)
    except OSError as error:
        _remove(unfinished)
        raise OutputError(f"{product} cannot be written: {error.strerror}; the recording {session} is whole.") from None
    except SessionError as error:
        _remove(unfinished)
        raise OutputError(f"{product} cannot be made: {error}") from None
    except KeyboardInterrupt:
        _remove(unfinished)
        raise


def _remove(path: Path) -> None:
    """Remove a file or a folder, whether it is there or not."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
