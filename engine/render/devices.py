"""What can draw here without a screen, as EGL lists it, and the choice among it: a GPU where there is one.

The choice stands in the environment, so that the processes that this one starts draw where it does.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from ctypes import CFUNCTYPE, POINTER, c_char_p, c_int, c_uint, c_void_p
from dataclasses import dataclass

VARIABLE = "HAMLET_DEVICE"
AUTO, CPU = "auto", "cpu"
MOST_DEVICES = 64  # asked for; no machine has as many
EGL_EXTENSIONS, EGL_DRM_DEVICE_FILE, EGL_RENDERER = 0x3055, 0x3233, 0x335F  # Khronos registry: EGL_EXT_device_*
SOFTWARE = "EGL_MESA_device_software"
NAMED = {"EGL_EXT_device_query_name": EGL_RENDERER, "EGL_EXT_device_drm": EGL_DRM_DEVICE_FILE}


class DeviceError(ValueError):
    """The wanted device is not there; the message says which are."""


@dataclass(frozen=True)
class Device:
    """One device, by the number that EGL gives it; CUDA may count otherwise."""

    index: int
    software: bool
    name: str = ""  # as the driver calls it, or its file; many tell neither before something is drawn

    def __str__(self) -> str:
        return f"{self.index} {self.name or ('software' if self.software else 'a GPU')}"


def parse_device(text: str) -> str:
    """What may stand in VARIABLE: auto, cpu or a number.

    Raises:
        ValueError: it is none of these.
    """
    if text not in (AUTO, CPU) and not (text.isascii() and text.isdigit()):
        raise ValueError(f"'{text}' is no device: write auto, cpu, or a number that 'hamlet doctor' lists")
    return text


def wanted() -> str:
    """What VARIABLE asks for; auto where nothing does.

    Raises:
        DeviceError: it asks for something that there cannot be.
    """
    try:
        return parse_device(os.environ.get(VARIABLE, "") or AUTO)
    except ValueError as error:
        raise DeviceError(f"{VARIABLE}: {error}.") from None


def choose(wish: str, devices: Sequence[Device]) -> Device | None:
    """The device to draw on; None leaves it to the driver, where EGL lists nothing that fits.

    Args:
        wish: auto takes the first GPU, or else what there is; cpu takes Mesa's rasteriser; a number takes that one.
        devices: those there are.

    Raises:
        DeviceError: the wanted one is not there.
    """
    gpus = [device for device in devices if not device.software]
    if wish == AUTO:
        return next(iter(gpus), None)
    if wish == CPU:
        found = next((device for device in devices if device.software), None)
        if found is None and gpus:
            raise DeviceError("No driver draws in software here: install Mesa's (apt install libegl-mesa0).")
        return found
    found = next((device for device in devices if device.index == int(wish)), None)
    if found is None:
        there = ", ".join(map(str, devices)) or "none"
        raise DeviceError(f"There is no device {wish} to draw on; those there are: {there}.")
    return found


def prepare(windowed: bool) -> int:
    """Make this process ready to draw on the wanted device, before it opens a driver.

    Args:
        windowed: on a display, whose server has the device already: only cpu makes a difference there.

    Returns:
        the number for Panda3D's `egl-device-index`; -1 leaves it to the driver.

    Raises:
        DeviceError: the wanted device is not there.
    """
    wish = wanted()
    if wish == CPU:
        os.environ["LIBGL_ALWAYS_SOFTWARE"] = "1"  # Mesa reads it when it is loaded
        os.environ["__GLX_VENDOR_LIBRARY_NAME"] = "mesa"  # and libglvnd asks no other for windows
    if windowed:
        if wish not in (AUTO, CPU):
            raise DeviceError(f"A window draws on the device of its display: take auto or cpu, not {wish}.")
        return -1
    device = choose(wish, listed())
    return -1 if device is None else device.index


def listed() -> tuple[Device, ...]:
    """What EGL lists; nothing where it cannot."""
    try:
        egl = ctypes.CDLL("libEGL.so.1")
    except OSError:
        return ()
    egl.eglGetProcAddress.restype, egl.eglGetProcAddress.argtypes = c_void_p, [c_char_p]
    query_devices = egl.eglGetProcAddress(b"eglQueryDevicesEXT")
    query_string = egl.eglGetProcAddress(b"eglQueryDeviceStringEXT")
    if not query_devices or not query_string:
        return ()
    handles, count = (c_void_p * MOST_DEVICES)(), c_int()
    find = CFUNCTYPE(c_uint, c_int, POINTER(c_void_p), POINTER(c_int))(query_devices)
    if not find(MOST_DEVICES, handles, ctypes.byref(count)):
        return ()
    ask = CFUNCTYPE(c_char_p, c_void_p, c_int)(query_string)
    devices = []
    for index, handle in enumerate(handles[: count.value]):
        extensions = (ask(handle, EGL_EXTENSIONS) or b"").decode().split()
        names = [ask(handle, what) for extension, what in NAMED.items() if extension in extensions]
        name = next((each.decode() for each in names if each), "")
        devices.append(Device(index, SOFTWARE in extensions, name))
    return tuple(devices)
