"""Keyboard and mouse of the window, polled once per frame, without ShowBase or an event loop of its own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from panda3d.core import (
    ButtonThrower,
    DataGraphTraverser,
    DataNode,
    EventQueue,
    Filename,
    GraphicsWindow,
    ModifierButtons,
    MouseAndKeyboard,
    NodePath,
)

_WHEEL = {"wheel_up": 1, "wheel_down": -1}
_DRAG_BUTTONS = frozenset({"mouse1", "mouse2", "mouse3"})


@dataclass(frozen=True)
class Input:
    """What the person did since the last poll."""

    pressed: tuple[str, ...] = ()  # keys that went down, in order, by Panda3D's names
    held: frozenset[str] = frozenset()
    drag: tuple[float, float] = (0.0, 0.0)  # mouse movement in pixels with a button held, right and down
    wheel: int = 0  # notches, positive away from the person
    pointer: tuple[float, float] = (0.0, 0.0)  # of the mouse, in pixels right and down from the upper left
    inside: bool = False  # the mouse is over the window
    closed: bool = False


class Controls:
    """Reads one window's input devices."""

    def __init__(self, window: GraphicsWindow) -> None:
        self._window = window
        self._root = NodePath(DataNode("input"))
        device = self._root.attach_new_node(MouseAndKeyboard(window, 0, "devices"))
        thrower = ButtonThrower("buttons")
        # Without this a held Shift would change the names of the keys pressed with it.
        thrower.set_modifier_buttons(ModifierButtons())
        thrower.set_button_down_event("hamlet-down")
        thrower.set_button_up_event("hamlet-up")
        device.attach_new_node(thrower)
        window.set_close_request_event("hamlet-close")
        self._traverser = DataGraphTraverser()
        self._queue = EventQueue.get_global_event_queue()
        self._held: set[str] = set()
        self._pointer: tuple[float, float] | None = None

    def poll(self) -> Input:
        """Input since the last poll."""
        self._traverser.traverse(self._root.node())
        pressed: list[str] = []
        wheel, closed = 0, self._window.is_closed()
        while not self._queue.is_queue_empty():
            event = self._queue.dequeue_event()
            if event.get_name() == "hamlet-close":
                closed = True
            if event.get_name() not in ("hamlet-down", "hamlet-up"):
                continue
            button = event.get_parameter(0).get_string_value()
            if event.get_name() == "hamlet-down":
                pressed.append(button)
                wheel += _WHEEL.get(button, 0)
                self._held.add(button)
            else:
                self._held.discard(button)
        self._held -= _WHEEL.keys()
        mouse = self._window.get_pointer(0)
        now = (mouse.x, mouse.y)
        return Input(tuple(pressed), frozenset(self._held), self._drag(now), wheel, now, bool(mouse.in_window), closed)

    def _drag(self, now: tuple[float, float]) -> tuple[float, float]:
        before, self._pointer = self._pointer, now if self._held & _DRAG_BUTTONS else None
        return (now[0] - before[0], now[1] - before[1]) if before and self._pointer else (0.0, 0.0)


def save_picture(window: GraphicsWindow, path: Path) -> None:
    """Write what the window shows as a PNG; the file appears when it is whole.

    Raises:
        OSError: the file cannot be written.
    """
    unfinished = path.with_name(f".unfinished-{path.name}")
    if not window.save_screenshot(Filename.from_os_specific(str(unfinished))):
        raise OSError(f"{path} cannot be written")
    unfinished.replace(path)
