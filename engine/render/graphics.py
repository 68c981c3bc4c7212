"""The one graphics context of a process, and the way pixels leave it.

Panda3D's engine is process-wide and a second GL context can be handed the first one's pixels, so the host output is
opened once, here, and shared by every Stage.
"""

from __future__ import annotations

import atexit
import ctypes
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from panda3d.core import (
    FrameBufferProperties,
    GraphicsEngine,
    GraphicsOutput,
    GraphicsPipe,
    GraphicsPipeSelection,
    RenderState,
    Texture,
    TransformState,
    WindowProperties,
    load_prc_file_data,
)

from engine.render.devices import DeviceError, prepare

load_prc_file_data(
    "hamlet",
    "\n".join(
        (
            "load-display #",  # the pipe is chosen by name, never by what happens to be installed
            "aux-display",
            "audio-library-name null",
            "notify-level-display error",
            "notify-level-egldisplay fatal",
            "notify-level-x11display fatal",  # a missing display is said by RenderError
            "gl-version 3 3",
            "textures-power-2 none",  # else bound targets are padded
            "geom-cache-size 0",  # else vertices that were replaced are kept, up to 5,000 times
            "sync-video false",
        )
    ),
)

GL_BLUE, GL_ALPHA, GL_RGB, GL_RGBA, GL_RG = 0x1905, 0x1906, 0x1907, 0x1908, 0x8227
GL_UNSIGNED_BYTE, GL_FLOAT = 0x1401, 0x1406
GL_PACK_ALIGNMENT = 0x0D05


class RenderError(RuntimeError):
    """Nothing can be drawn here; the message is one sentence that names the remedy."""


@dataclass
class Context:
    """The pipe and the host output whose GL state every buffer shares."""

    engine: GraphicsEngine
    host: GraphicsOutput
    windowed: bool

    def buffer(self, name: str, size: tuple[int, int], properties: FrameBufferProperties, sort: int) -> GraphicsOutput:
        """An off-screen buffer on the host's GL state; RenderError when the driver refuses it."""
        window = WindowProperties(size=size)
        flags = GraphicsPipe.BF_refuse_window
        made = self.engine.make_output(
            self.host.get_pipe(), name, sort, properties, window, flags, self.host.get_gsg(), self.host
        )
        if made is None:
            raise RenderError(
                f"The graphics driver refused a {size[0]}x{size[1]} buffer named {name}: "
                "install Mesa 20 or newer (libgl1-mesa-dri) or a driver with OpenGL 3.3."
            )
        return made

    def draw(self) -> None:
        """Draw one frame of every active output, and drop the states it left behind."""
        self.engine.render_frame()
        TransformState.garbage_collect()
        RenderState.garbage_collect()


KEPT_BYTES = 256 << 20  # of freed memory at the end of the heap, more than the images of any frame
LARGEST_IN_HEAP = 32 << 20  # the most that glibc allows: larger arrays are mapped and given back one by one
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3


def _keep_memory() -> None:
    """Have the C library keep the memory of one frame's images for the next one's.

    It would give it back to the system after every frame, and a frame of all modalities touches 5,000 pages anew: a
    tenth of its time. Other C libraries than glibc have no such setting.
    """
    setting = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if setting is not None:
        setting(M_MMAP_THRESHOLD, LARGEST_IN_HEAP)
        setting(M_TRIM_THRESHOLD, KEPT_BYTES)


_context: Context | None = None  # one per process: see the module's first lines


def pipe_of(windowed: bool) -> GraphicsPipe:
    """The way to the display, or to a driver that draws without one.

    Raises:
        RenderError: there is none, or not the device that was asked for.
    """
    try:
        index = prepare(windowed)
    except DeviceError as error:
        raise RenderError(str(error)) from None
    load_prc_file_data("hamlet device", f"egl-device-index {index}")
    pipe = GraphicsPipeSelection.get_global_ptr().make_module_pipe("pandagl" if windowed else "p3headlessgl")
    if pipe is None or not pipe.is_valid():
        raise RenderError(
            "No display to open a window on: set DISPLAY, or run headless (hamlet capture)."
            if windowed
            else "No OpenGL driver without a screen: install Mesa's EGL (apt install libegl1 libgl1-mesa-dri)."
        )
    return pipe


def open_context(window_title: str | None = None, size: tuple[int, int] = (1, 1)) -> Context:
    """The process's graphics context, opened on first use: a window when titled, else no screen at all.

    Raises:
        RenderError: there is no GL driver or no display, or a context of the other kind is open already.
    """
    global _context  # noqa: PLW0603 the graphics engine below it is process-wide as well
    windowed = window_title is not None
    _keep_memory()
    if _context is not None and not windowed and not _context.windowed:
        return _context
    if _context is not None:
        raise RenderError("One process draws either in one window or headless: start a second process for the other.")
    pipe = pipe_of(windowed)
    properties = FrameBufferProperties()
    properties.set_rgba_bits(8, 8, 8, 8)
    properties.set_depth_bits(24)
    window = WindowProperties(size=size)
    if window_title is not None:
        properties.set_back_buffers(1)  # without it X never shows the picture
        window.set_title(window_title)
    flags = GraphicsPipe.BF_require_window if windowed else GraphicsPipe.BF_refuse_window
    engine = GraphicsEngine.get_global_ptr()
    host = engine.make_output(pipe, "host", 0, properties, window, flags)
    if host is None:
        raise RenderError("The graphics driver gave no OpenGL 3.3 output: install Mesa 20 or newer (libgl1-mesa-dri).")
    engine.render_frame()
    host.set_active(windowed)
    _context = Context(engine, host, windowed)
    return _context


def close_context() -> None:
    """Close the host; a later open_context makes a new one. A window left open aborts the process at exit."""
    global _context  # noqa: PLW0603
    if _context is not None:
        _context.engine.remove_all_windows()
        _context = None


atexit.register(close_context)


def gl_function(name: str, *arguments: Any) -> Callable[..., None] | None:
    """An OpenGL function by its name, with the types of its arguments; None where the driver lacks it."""
    sources = {
        "linux": (("libEGL.so.1", "eglGetProcAddress"), ("libGL.so.1", "glXGetProcAddressARB")),
        "win32": (("opengl32", "wglGetProcAddress"),),
    }
    for library, lookup in sources.get(sys.platform, ()):
        try:
            find = getattr(ctypes.CDLL(library), lookup)
        except OSError:
            continue
        find.restype, find.argtypes = ctypes.c_void_p, [ctypes.c_char_p]
        address = find(name.encode())
        if address:
            return ctypes.CFUNCTYPE(None, *arguments)(address)
    return None


CHANNELS = {"rgb": (GL_RGB, slice(0, 3)), "rgba": (GL_RGBA, slice(0, 4)), "rg": (GL_RG, slice(0, 2))}
CHANNELS |= {"b": (GL_BLUE, slice(2, 3)), "a": (GL_ALPHA, slice(3, 4))}


class ReadBack:
    """Copies bound textures into arrays with glGetTextureImage, 10-20 times faster than Panda's own copy.

    A driver older than OpenGL 4.5 has no glGetTextureImage: there Panda's extract_texture_data does the work, and
    `direct` is False so that a caller can say so.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        u, p = ctypes.c_uint, ctypes.c_void_p
        self._get_image = gl_function("glGetTextureImage", u, ctypes.c_int, u, u, ctypes.c_int, p)
        self._pixel_store = gl_function("glPixelStorei", u, ctypes.c_int)
        version = (context.host.get_gsg().driver_version_major, context.host.get_gsg().driver_version_minor)
        self.direct = self._get_image is not None and self._pixel_store is not None and version >= (4, 5)

    def read(self, texture: Texture, channels: str, dtype: type[np.generic]) -> NDArray[Any]:
        """A fresh array (H, W, channels) of uint8 or float32, first row of memory first; channels is a CHANNELS key."""
        layout, where = CHANNELS[channels]
        if not self.direct:
            return np.ascontiguousarray(extracted(self._context, texture)[..., where], dtype=dtype)
        assert self._get_image is not None and self._pixel_store is not None
        gsg = self._context.host.get_gsg()
        handle = texture.prepare_now(0, gsg.prepared_objects, gsg).get_native_id()
        made = np.empty((texture.get_y_size(), texture.get_x_size(), where.stop - where.start), dtype)
        self._pixel_store(GL_PACK_ALIGNMENT, 1)
        kind = GL_UNSIGNED_BYTE if dtype is np.uint8 else GL_FLOAT
        self._get_image(handle, 0, layout, kind, made.nbytes, made.ctypes.data)
        return made


def extracted(context: Context, texture: Texture) -> NDArray[Any]:
    """The texture (H, W, 4) through Panda's own copy: the slow road, which the fast one is tested against."""
    context.engine.extract_texture_data(texture, context.host.get_gsg())
    component = {1: np.uint8, 2: np.float16, 4: np.float32}[texture.get_component_width()]
    texels: NDArray[Any] = np.frombuffer(bytes(texture.get_ram_image()), dtype=component)
    return texels.reshape(texture.get_y_size(), texture.get_x_size(), 4)[..., [2, 1, 0, 3]]
