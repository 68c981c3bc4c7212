"""Shader programs: GLSL 330 files from assets/shaders with the macros of the frame and of the wanted targets."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from importlib.resources import files

from panda3d.core import Shader

from assets.meshes.figure import BONES, SLOTS
from engine.render.frame import carrying, macros

# kind of thing -> (vertex file, fragment file, macros)
KINDS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "solid": ("surface.vert", "surface.frag", ("KIND_SOLID",)),
    "ground": ("surface.vert", "surface.frag", ("KIND_GROUND",)),
    "water": ("surface.vert", "water.frag", ("KIND_WATER",)),
    "plant": ("surface.vert", "surface.frag", ("KIND_PLANT",)),
    "tuft": ("surface.vert", "surface.frag", ("KIND_PLANT", "TUFT")),
    "figure": ("surface.vert", "surface.frag", ("KIND_FIGURE", f"BONES {len(BONES)}", f"SLOTS {SLOTS}")),
    "sky": ("sky.vert", "sky.frag", ()),
    "stars": ("stars.vert", "stars.frag", ()),
    "rain": ("precipitation.vert", "precipitation.frag", ()),
    "snow": ("precipitation.vert", "precipitation.frag", ("SNOWFLAKES",)),
    "smoke": ("smoke.vert", "smoke.frag", ()),
    "bolt": ("bolt.vert", "bolt.frag", ()),
    "smooth": ("smooth.vert", "smooth.frag", ()),
    "shaded ground": ("shaded.vert", "surface.frag", ("KIND_GROUND",)),
    "shaded solid": ("shaded.vert", "surface.frag", ("KIND_SOLID",)),
    "shaded plant": ("shaded.vert", "surface.frag", ("KIND_PLANT",)),
    "shaded water": ("shaded.vert", "water.frag", ("KIND_WATER",)),
}
CARRYING = ("shaded.vert", "sky.vert")  # vertices of few triangles, that carry what their fragments need of the frame
WATER_DEPTH_RANGE_M = 4.0  # deeper water looks the same
SNOW_DEPTH_RANGE_M = 1.0  # deeper snow looks the same
SNOW_LEVELS = 63  # steps of depth that the row of a plant carries
COVERED_SNOW_M = 0.07  # depth at which snow hides the ground
CROP_FULL_M = 0.85  # height of the mesh of a crop
SHADOW_KINDS = ("solid", "plant", "figure")


@dataclass(frozen=True)
class Weather:
    """What programs do without, and are faster, where it is not."""

    dark: bool = False  # lamps shine, and eyes lose their colours
    rain: bool = False  # it falls on water and ground
    fog: bool = False  # lies in the valley
    snow: bool = False  # lies anywhere
    hills: bool = False  # stand before the sun or the moon, seen from anywhere

    def macros(self, picture: bool) -> tuple[str, ...]:
        """The #defines of the weather: of the picture, or of the albedo alone."""
        names = {"dark": "DARK", "rain": "RAINFALL", "fog": "FOGGY", "hills": "HILLS_SHADE", "snow": "SNOWY"}
        return tuple(macro for name, macro in names.items() if getattr(self, name) and (picture or name == "snow"))


@dataclass(frozen=True)
class Targets:
    """Which of the targets a pass writes; rgb is always location 0 when attached, and `quality` is that of the rgb.

    Macros of the rgb: QUALITY_TRUTH, QUALITY_FAST or QUALITY_FINE; LIT in the latter two. TEXTURED is defined where the
    texture of surfaces is needed, for a LIT picture or the albedo; OUT_COLOUR wherever there is a picture or albedo.
    """

    rgb: bool = True
    quality: str = "fast"
    ident: bool = False
    albedo: bool = False
    normal: bool = False
    depth: bool = False
    flow: bool = False
    back: bool = False
    weather: Weather = Weather()
    shadow_pass: bool = False
    far_shadow: bool = False  # of a shadow pass: for the map that reaches far
    kept: bool = False  # beside the truth, what the picture is shaded from afterwards, each pixel once
    shading: bool = False  # shades what another pass has kept

    @property
    def floats(self) -> tuple[tuple[str, ...], ...]:
        """The numbers that each float target holds. Depth, normals and both flows fill two of four channels.

        Depth and normal come first: what shades a picture afterwards finds both in one.
        `rest` is the third component of the normal, which lies in -1..1, and to that 4 where the flow is valid, 8 where
        the flow backward is: they share a channel, as a third target costs a tenth of the frame.
        """
        names = [name for wanted, names in self._numbers() if wanted for name in names]
        return tuple(tuple(names[k : k + 4]) for k in range(0, len(names), 4))

    def _numbers(self) -> tuple[tuple[bool, tuple[str, ...]], ...]:
        return (
            (self.depth, ("depth",)),
            (self.normal, ("normal_x", "normal_y")),
            (self.normal or self.flow or self.back, ("rest",)),
            (self.flow, ("flow_x", "flow_y")),
            (self.back, ("back_x", "back_y")),
        )

    @property
    def deferred(self) -> bool:
        """Shading is left to a pass over the pixels: small triangles would have each of them shaded several times."""
        return self.albedo or (self.rgb and self.quality != "fine")

    def keeping(self) -> Targets:
        """The first of two passes: the truth, and what the second needs."""
        return replace(self, rgb=False, albedo=False, depth=True, normal=True, kept=True)

    def under(self, weather: Weather) -> Targets:
        """The same targets with the programs for this weather, as far as it shows in them."""
        if self.rgb:
            return replace(self, weather=weather)
        return replace(self, weather=Weather(snow=weather.snow)) if self.albedo else self

    def shaded(self) -> Targets:
        """The second of two passes: the picture and the albedo."""
        return Targets(rgb=self.rgb, quality=self.quality, albedo=self.albedo, shading=True)

    @property
    def truth(self) -> bool:
        """There is anything beside the picture."""
        return self.ident or self.albedo or bool(self.floats)

    @property
    def lit(self) -> bool:
        """The picture has all its light, the shadow map's too."""
        return self.rgb and self.quality != "truth"

    def macros(self) -> tuple[str, ...]:
        """The #defines of this choice."""
        if self.shadow_pass:
            return ("SHADOW_PASS", "FAR_SHADOW") if self.far_shadow else ("SHADOW_PASS",)
        lines = [name for name, on in (("OUT_RGB", self.rgb), ("KEPT", self.kept), ("SHADING", self.shading)) if on]
        location = 0 if self.shading and not self.rgb else 1
        for name, wanted in (("ID", self.ident), ("EXTRA", self.kept), ("ALBEDO", self.albedo)):
            if wanted:
                lines += [f"OUT_{name}", f"{name}_LOCATION {location}"]
                location += 1
        for plane, numbers in enumerate(self.floats):
            lines.append(f"FLOATS_{plane} {location + plane}")
            lines += [f"{name.upper()}_AT out_floats_{plane}.{'xyzw'[k]}" for k, name in enumerate(numbers)]
        for name, wanted in (("NORMAL", self.normal), ("FLOW", self.flow), ("BACK", self.back)):
            if wanted:
                lines.append(f"OUT_{name}")
        if self.rgb or self.albedo:
            lines.append("OUT_COLOUR")
        if self.lit or self.albedo:
            lines.append("TEXTURED")
        if self.lit:
            lines.append("LIT")
        if self.rgb:
            lines.append(f"QUALITY_{self.quality.upper()}")
        lines += self.weather.macros(self.rgb)
        return tuple(lines)


def _source(name: str) -> str:
    text = files("assets").joinpath("shaders", name).read_text(encoding="utf-8")
    return re.sub(r'^#include "([\w.]+)"$', lambda match: _source(match.group(1)), text, flags=re.MULTILINE)


_programs: dict[tuple[str, Targets], Shader] = {}  # of the process's one graphics context


def program(kind: str, targets: Targets) -> Shader:
    """The program that draws a kind of thing into these targets; the driver compiles it when it is first drawn with."""
    key = kind, targets
    if key not in _programs:
        _programs[key] = _composed(kind, targets)
    return _programs[key]


def refused() -> tuple[str, ...]:
    """Kinds whose programs the driver would not compile: what they should have drawn is garbage."""
    return tuple(sorted({kind for (kind, _), shader in _programs.items() if shader.get_error_flag()}))


def _composed(kind: str, targets: Targets) -> Shader:
    vertex, fragment, extra = KINDS[kind]
    if targets.shadow_pass:
        fragment = "shadow.frag"
    elif targets.kept and vertex == "surface.vert":
        fragment = "kept.frag"
    carried = vertex in CARRYING and not targets.shadow_pass
    defines = "".join(f"#define {line}\n" for line in (*extra, *targets.macros()))
    shared = (
        f"#define WATER_DEPTH_RANGE {WATER_DEPTH_RANGE_M}\n"
        + f"#define SNOW_DEPTH_RANGE {SNOW_DEPTH_RANGE_M}\n"
        + f"#define SNOW_LEVELS {float(SNOW_LEVELS)}\n"
        + f"#define COVERED_SNOW {COVERED_SNOW_M}\n"
        + defines
        + _source("common.glsl")
    )
    above = "#version 330\n" + macros() + shared + (carrying() if carried else "")
    below = "#version 330\n" + macros(carried) + shared
    made = Shader.make(Shader.SL_GLSL, above + _source(vertex), below + _source(fragment))
    if made is None:
        raise ValueError(f"The shader program {kind!r} was refused.")
    return made
