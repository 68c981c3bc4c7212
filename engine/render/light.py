"""Where the light comes from: sun, moon, sky, clouds and lightning, as a function of where they stand and the weather.

Radiance is in arbitrary units (a clear noon sun is about 9); exposure brings it to the screen.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.render.lightning import Flash

Floats = NDArray[np.float64]

DOME_AZIMUTHS = 48  # columns of the dome, the first towards the sun
DOME_ELEVATIONS: Floats = np.concatenate([[-0.5, -0.12], np.linspace(0.0, 1.0, 20) ** 1.7 * np.pi / 2])

EARTH_M, AIR_M = 6.36e6, 6.42e6  # radii of the ground and of the top of the air
RAYLEIGH_PER_M: Floats = np.array([5.8e-6, 13.5e-6, 33.1e-6])  # sea level, at 680, 550, 440 nm (Bruneton 2008)
OZONE_PER_M: Floats = np.array([0.78e-6, 2.26e-6, 0.10e-6])  # spread over the Rayleigh layer
MIE_PER_M = 11.0e-6  # a clean valley
RAYLEIGH_SCALE_M, MIE_SCALE_M = 7994.0, 1200.0
MIE_G = 0.76
SUNLIGHT = 20.0

SKY_GRADE: Floats = np.array([1.15, 1.28, 1.50])  # by eye: what the missing further bounces add
BRIGHTER_SKY = 0.30  # by eye: the screen shows a high sun's sky too dark beside the ground that it lights
LUMA: Floats = np.array([0.2126, 0.7152, 0.0722])
TWILIGHT: Floats = np.array([0.90, 0.97, 1.28])
NIGHT_SKY: Floats = np.array([0.0048, 0.0080, 0.0165])
NIGHT_GROUND: Floats = np.array([0.013, 0.018, 0.030])  # what lights the ground under it: adaptation, not physics
MOONLIGHT: Floats = np.array([0.115, 0.15, 0.21])
NO_MOON_LIT = -1.0  # a recording that does not tell of the moon: there a full one stands
NO_MOON_ELEVATION, NO_MOON_FROM_SUN = np.radians(38.0), 0.9 * np.pi
MOON_FADE_M = 0.026, 4e-9  # magnitudes per degree of the phase angle and its fourth power (Krisciunas & Schaefer 1991)
MOONLIT_SKY: Floats = np.array([0.010, 0.014, 0.022])  # what a full moon high up adds to the night sky
MOON_DISC: Floats = np.array([0.95, 0.93, 0.86])
CLOUDS_SEE_FARTHER = np.radians(1.4)  # below the horizon of the ground, at their height: the sun sets later for them
SUN_GONE_DEG = -3.0  # below this elevation the moon is the key light
SUN_STRENGTH = 9.5
FOG_DEPTH_M = 260.0  # of the fog that lies over the valley, as the sky sees it
WINDOW_GLOW: Floats = np.array([0.85, 0.40, 0.11])
NO_FOG_BELOW_M = -9000.0  # a top below this says that no fog lies in the valley
FOG_SOFT_M = 14.0  # over which a fog's top thins to nothing
FLASH: Floats = np.array([0.86, 0.92, 1.10])  # colour of lightning
FLASH_ON_GROUND, FLASH_ON_CLOUD = 1.5, 0.40  # exposed, of a typical stroke close by; eyes have no time to adapt
KOSCHMIEDER = 3.912  # -ln 0.02: Koschmieder 1924, for the visibility at which 2 % contrast is left


@dataclass(frozen=True)
class Light:
    """All that the shaders know about the light of one moment."""

    key_dir: Floats  # towards the brightest source
    key_colour: Floats
    sky_light: Floats  # what a surface facing up gets from the whole sky
    ground_light: Floats
    fog_sun: Floats
    fog_anti: Floats
    fog_density: float  # per metre
    sky_fog: float  # how much of the sky the fog hides
    sun_dir: Floats
    sun_disc: Floats
    moon_dir: Floats
    moon_disc: Floats
    moon_lit: float  # illuminated share of its disc
    cloud_lit: Floats
    cloud_dark: Floats
    overcast: float
    starlight: float
    night: float  # how far eyes see as they do in the dark, without colours, 0..1
    glow: Floats
    fog_layer: Floats  # of the fog that lies in the valley
    fog_bank: float  # its density per metre, beside that of the haze
    fog_base: float  # up to this height it is full,
    fog_soft: float  # and over so many metres more it thins to nothing
    flash_dir: Floats
    flash_sky: Floats
    exposure: float
    dome: Floats  # (elevations, azimuths + 1, 3)


def smoothstep(low: float, high: float, x: float) -> float:
    """Hermite step from 0 at low to 1 at high."""
    t = min(max((x - low) / (high - low), 0.0), 1.0)
    return t * t * (3.0 - 2.0 * t)


def direction(azimuth: float, elevation: float) -> Floats:
    """Unit vector of an azimuth (counter-clockwise from east) and an elevation, both in radians."""
    flat = np.cos(elevation)
    return np.array([flat * np.cos(azimuth), flat * np.sin(azimuth), np.sin(elevation)])


def dome_directions() -> Floats:
    """Unit vectors (elevations, azimuths + 1, 3) of the dome with the sun's azimuth at east; the seam is doubled."""
    azimuth = np.linspace(0.0, 2 * np.pi, DOME_AZIMUTHS + 1)
    e, a = np.meshgrid(DOME_ELEVATIONS, azimuth, indexing="ij")
    return np.stack([np.cos(e) * np.cos(a), np.cos(e) * np.sin(a), np.sin(e)], axis=-1)


def sunlight(elevation: float) -> Floats:
    """The direct sun's colour (3,) after the air, with the air mass of Kasten & Young (1989)."""
    degrees = max(np.degrees(elevation), -2.0)
    mass = 1.0 / (np.sin(np.radians(degrees)) + 0.50572 * (degrees + 6.07995) ** -1.6364)
    depth = (RAYLEIGH_PER_M + OZONE_PER_M) * RAYLEIGH_SCALE_M + MIE_PER_M * 1.1 * MIE_SCALE_M
    return np.asarray(np.exp(-depth * mass) * smoothstep(-1.2, 1.5, float(np.degrees(elevation))))


@lru_cache(maxsize=64)
def _scattered(degrees: int) -> Floats:
    """Clear-sky radiance over the dome by single scattering (Nishita 1993), for a whole degree of sun elevation."""
    sun = direction(0.0, np.radians(degrees))
    ray = dome_directions().reshape(-1, 3)
    ray[:, 2] = np.maximum(ray[:, 2], 0.004)
    ray /= np.linalg.norm(ray, axis=1, keepdims=True)
    start = np.array([0.0, 0.0, EARTH_M + 100.0])
    along = ray @ start
    length = -along + np.sqrt(along**2 - start @ start + AIR_M**2)
    mu = ray @ sun
    rayleigh_phase = 3 / (16 * np.pi) * (1 + mu**2)
    mie_phase = 3 / (8 * np.pi) * (1 - MIE_G**2) * (1 + mu**2)
    mie_phase /= (2 + MIE_G**2) * (1 + MIE_G**2 - 2 * MIE_G * mu) ** 1.5

    air, dust = np.zeros(len(ray)), np.zeros(len(ray))
    from_air, from_dust = np.zeros((len(ray), 3)), np.zeros((len(ray), 3))
    edges = (np.arange(17) / 16.0) ** 2
    for near, far in pairwise(edges):
        step = length * (far - near)
        place = start + ray * (length * (near + far) / 2)[:, None]
        height = np.linalg.norm(place, axis=1) - EARTH_M
        air_here, dust_here = np.exp(-height / RAYLEIGH_SCALE_M) * step, np.exp(-height / MIE_SCALE_M) * step
        air, dust = air + air_here, dust + dust_here
        air_to_sun, dust_to_sun = _column_to_sun(place, sun)
        depth = (RAYLEIGH_PER_M + OZONE_PER_M) * (air + air_to_sun)[:, None]
        depth = depth + MIE_PER_M * 1.1 * (dust + dust_to_sun)[:, None]
        reach = np.exp(-np.minimum(depth, 80.0))
        from_air += reach * air_here[:, None]
        from_dust += reach * dust_here[:, None]
    single = from_air * RAYLEIGH_PER_M * rayleigh_phase[:, None] + from_dust * MIE_PER_M * mie_phase[:, None]
    # Light scattered twice and more is nearly even over the sky: a share of the mean fills in what one bounce misses.
    shape = (len(DOME_ELEVATIONS), DOME_AZIMUTHS + 1, 3)
    filled: Floats = SUNLIGHT * (single + 0.25 * single.mean(axis=0))
    return filled.reshape(shape)


def _column_to_sun(place: Floats, sun: Floats) -> tuple[Floats, Floats]:
    """Metres of sea-level air and dust between places (n, 3) and the sun; huge where the Earth is in between."""
    along = place @ sun
    length = -along + np.sqrt(np.maximum(along**2 - (place**2).sum(axis=1) + AIR_M**2, 0.0))
    air, dust = np.zeros(len(place)), np.zeros(len(place))
    samples = 8
    for k in range(samples):
        height = np.linalg.norm(place + sun * (length * (k + 0.5) / samples)[:, None], axis=1) - EARTH_M
        height = np.maximum(height, -2000.0)
        air += np.exp(-height / RAYLEIGH_SCALE_M) * length / samples
        dust += np.exp(-height / MIE_SCALE_M) * length / samples
    closest = np.sqrt(np.maximum((place**2).sum(axis=1) - along**2, 0.0))
    behind = (along < 0) & (closest < EARTH_M - 500.0)
    return np.where(behind, 1e9, air), np.where(behind, 1e9, dust)


def clear_dome(elevation: float) -> Floats:
    """Clear-sky radiance (elevations, azimuths + 1, 3), blended between whole degrees: a function of now alone."""
    degrees = min(max(float(np.degrees(elevation)), -19.0), 89.0)
    low = int(np.floor(degrees))
    share = degrees - low
    return _scattered(low) * (1 - share) + _scattered(low + 1) * share


def _mean_sky(dome: Floats) -> Floats:
    e = DOME_ELEVATIONS[2:]
    weight = np.cos(e) * np.sin(e) * np.gradient(e)
    return np.asarray((dome[2:, :-1].mean(axis=1) * weight[:, None]).sum(axis=0) / weight.sum())


def on_screen(radiance: Floats, exposure: float) -> Floats:
    """What the shaders' tone mapping makes of a radiance, 0..1 as stored."""
    c = radiance * exposure
    return np.asarray(np.sqrt(np.clip(c * (2.51 * c + 0.03) / (c * (2.43 * c + 0.59) + 0.14), 0.0, 1.0)))


def _graded_dome(elevation: float, night: float) -> Floats:
    """The clear sky as it is shown: bluer where one bounce is not enough, never quite black."""
    clear = clear_dome(elevation) * SKY_GRADE
    # One bounce alone makes a low sun's sky too red: what the higher air adds is paler and bluer.
    low = 0.75 * smoothstep(14.0, 0.0, float(np.degrees(elevation)))
    high = np.sqrt(np.clip(np.sin(DOME_ELEVATIONS), 0.0, 1.0))
    paler = low * (0.30 + 0.70 * high)[:, None, None]
    return np.asarray(clear * (1 - paler) + (clear @ LUMA)[..., None] * TWILIGHT * paler + NIGHT_SKY * night)


def _bent(dome: Floats, mean: Floats) -> Floats:
    """The dome with its brightest rim bent down: the screen has no room for it, and the valley would drown in it."""
    knee = 2.2 * float(mean @ LUMA) + 0.02
    bright = (dome @ LUMA)[..., None]
    return np.asarray(dome * np.where(bright > knee, (knee + 0.45 * (bright - knee)) / np.maximum(bright, 1e-9), 1.0))


@dataclass(frozen=True)
class Moon:
    """Where the moon stands, how much of its disc is lit, and what light of a full moon overhead comes down."""

    towards: Floats
    lit: float
    strength: float


def moon_of(environment: NDArray[np.void]) -> Moon:
    """The moon of an environment row; where it was not recorded, a full one that is there when the sun is gone."""
    names = environment.dtype.names or ()
    lit = float(environment["moon_lit"]) if "moon_lit" in names else NO_MOON_LIT
    if lit < 0.0:
        return Moon(direction(float(environment["sun_azimuth"]) + NO_MOON_FROM_SUN, NO_MOON_ELEVATION), 1.0, 0.7)
    elevation = float(environment["moon_elevation"])
    phase = np.degrees(np.arccos(np.clip(2.0 * lit - 1.0, -1.0, 1.0)))
    linear, fourth = MOON_FADE_M
    shining = 10.0 ** (-0.4 * (linear * phase + fourth * phase**4))
    risen = smoothstep(-0.8, 6.0, float(np.degrees(elevation)))
    return Moon(direction(float(environment["moon_azimuth"]), elevation), lit, float(shining) ** 0.6 * risen)


def _key(elevation: float, azimuth: float, clearness: float, cloud: float, moon: Moon) -> tuple[Floats, Floats]:
    """Direction and colour of the brightest source: the sun, and once it is gone the moon."""
    degrees = float(np.degrees(elevation))
    if degrees > SUN_GONE_DEG:
        return direction(azimuth, max(elevation, np.radians(0.5))), sunlight(elevation) * SUN_STRENGTH * clearness
    dark = smoothstep(SUN_GONE_DEG, SUN_GONE_DEG - 6.0, degrees)
    height = max(float(moon.towards[2]), np.sin(np.radians(3.0)))
    level = np.hypot(*moon.towards[:2])
    raised = np.array([*(moon.towards[:2] / max(level, 1e-9) * np.sqrt(1 - height * height)), height])
    redder = sunlight(float(np.arcsin(height))) / sunlight(np.pi / 2)
    return raised, MOONLIGHT * redder * (dark * moon.strength * (1 - 0.85 * cloud))


def _haze(dome: Floats, sky: Floats, overcast: float, visibility_m: float) -> tuple[Floats, Floats]:
    """Colour of the haze towards the sun and away from it: the horizon's, and in thick fog the sky's own grey."""
    horizon = dome[2:5].mean(axis=0)
    away = DOME_AZIMUTHS // 2
    towards, opposite = horizon[:5].mean(axis=0), horizon[away - 12 : away + 1].mean(axis=0)
    limit = (1.6 - 0.6 * overcast) * float(sky @ LUMA)
    towards, opposite = (f * min(1.0, limit / max(float(f @ LUMA), 1e-9)) for f in (towards, opposite))
    thick = smoothstep(4000.0, 600.0, visibility_m)
    pale = (towards + opposite) * 0.25 + sky * 0.40
    pale = pale * 0.3 + float(pale @ LUMA) * np.array([0.97, 1.0, 1.03]) * 0.7
    return towards * (1 - thick) + pale * 1.06 * thick, opposite * (1 - thick) + pale * thick


def _layer_light(sky: Floats, key_dir: Floats, key_colour: Floats, overcast: float) -> Floats:
    """Colour of the valley's fog: what falls on its top from sun and sky, spread evenly, nearly without its colour."""
    falls = sky * 0.60 + key_colour * (0.05 + 0.34 * max(float(key_dir[2]), 0.0)) * (1 - overcast)
    return np.asarray(falls * 0.45 + float(falls @ LUMA) * np.array([0.97, 1.0, 1.04]) * 0.55)


def _from_above(towards: Floats) -> Floats:
    """The direction raised far enough above the horizon to light the ground."""
    raised = np.array([towards[0], towards[1], max(float(towards[2]), 0.12)])
    return np.asarray(raised / np.linalg.norm(raised))


@dataclass(frozen=True)
class Air:
    """How far one sees: through the haze that is everywhere, and through the fog below its top."""

    haze_m: float
    fog_per_m: float  # extinction of the fog layer beside the haze's
    top_m: float


def air(environment: NDArray[np.void]) -> Air:
    """The haze and the fog layer of an environment row; without a layer, haze alone as thick as the visibility."""
    env, names = environment, environment.dtype.names or ()
    within = max(float(env["visibility_m"]), 20.0)
    top = float(env["fog_top_m"]) if "fog_top_m" in names else NO_FOG_BELOW_M
    haze = float(env["haze_visibility_m"]) if "haze_visibility_m" in names else 0.0
    if top <= NO_FOG_BELOW_M or haze <= within:
        return Air(within, 0.0, NO_FOG_BELOW_M)
    return Air(haze, KOSCHMIEDER / within - KOSCHMIEDER / haze, top)


def light(environment: NDArray[np.void], flash: Flash | None = None) -> Light:
    """The light of an environment row () of recorder.schema.ENVIRONMENT, and of a stroke of lightning."""
    env, seen = environment, air(environment)
    elevation, azimuth = float(env["sun_elevation"]), float(env["sun_azimuth"])
    cloud, rain = float(env["cloud"]), float(env["rain_mm_h"] + env["snow_mm_h"])
    visibility = seen.haze_m
    degrees = float(np.degrees(elevation))
    night = 1.0 - smoothstep(-10.0, 0.0, degrees)
    overcast = smoothstep(0.55, 0.98, cloud)
    closed = smoothstep(0.85, 1.0, cloud)  # between clouds that leave gaps, the sky is as clear as without them
    gloom = 1.0 - 0.50 * smoothstep(0.0, 8.0, rain)
    thinned = gloom * (1.0 - 0.85 * smoothstep(0.0, 1.5, rain)) * (1.0 - 0.9 * smoothstep(900.0, 120.0, visibility))
    clearness = (1.0 - 0.975 * cloud**1.7) * thinned

    moon = moon_of(env)
    clear = _graded_dome(elevation, night) + MOONLIT_SKY * (night * moon.strength)
    mean = _mean_sky(clear)
    sun = sunlight(elevation) * SUN_STRENGTH
    above = sunlight(elevation + CLOUDS_SEE_FARTHER) * SUN_STRENGTH
    moonshine = MOONLIGHT * night * moon.strength
    height = max(float(np.sin(elevation)), 0.0)
    # A closed cloud deck spreads what falls on it from above: brighter than the blue sky, without its colour.
    grey = float((mean + sun * height * 0.14) @ LUMA) * gloom * np.array([0.88, 0.95, 1.04])
    dome = _bent(clear * (1 - overcast) + grey * overcast, mean)
    sky = mean * 1.55 * (1 - overcast) + grey * 1.35 * overcast + grey * 0.4 * cloud * (1 - overcast)
    sky = sky + NIGHT_GROUND * night
    key_dir, key_colour = _key(elevation, azimuth, clearness, cloud, moon)
    fog_sun, fog_anti = _haze(dome, sky, overcast, visibility)

    layer = _layer_light(sky, key_dir, key_colour, overcast)
    white = min(float(env["snow_depth_m"]) / 0.07, 1.0)
    level = float((key_colour * max(float(key_dir[2]), 0.12) * 0.8 + sky) @ LUMA) * (1 + 0.45 * white)
    exposure = 0.30 * (3.4 / (level + 0.010)) ** 0.66 * (1 - 0.12 * night)
    dusk = max(smoothstep(6.0, -4.0, degrees), 0.55 * overcast * smoothstep(0.0, 6.0, rain))
    flash_dir, flash_sky = np.array([0.0, 0.0, 1.0]), np.zeros(3)
    if flash is not None:
        flash_dir, flash_sky = flash.towards, FLASH * (FLASH_ON_CLOUD * flash.glow / exposure)
        struck = FLASH * (FLASH_ON_GROUND * flash.strength / exposure)
        sky = sky + 0.12 * struck
        if float(struck @ LUMA) > float(key_colour @ LUMA):
            key_dir, key_colour = _from_above(flash.towards), struck
    return Light(
        key_dir=key_dir,
        key_colour=key_colour,
        sky_light=sky,
        ground_light=sky * 0.42 + key_colour * np.array([0.124, 0.108, 0.072]) * max(float(key_dir[2]), 0.05),
        fog_sun=fog_sun,
        fog_anti=fog_anti,
        fog_density=KOSCHMIEDER / visibility,
        sky_fog=1.0 - float(np.exp(-KOSCHMIEDER * FOG_DEPTH_M / visibility)),
        sun_dir=direction(azimuth, elevation),
        sun_disc=sun * (1 - overcast) * 0.8,
        moon_dir=moon.towards,
        moon_disc=MOON_DISC * (0.25 + 0.75 * night),
        moon_lit=moon.lit,
        cloud_lit=(above * 0.34 + mean * 0.95 + moonshine * 0.5) * (1 - overcast) * gloom + grey * 1.18 * overcast,
        cloud_dark=(mean * 0.85 + above * 0.035 + moonshine * 0.1) * (1 - overcast) * gloom + grey * 0.78 * overcast,
        overcast=overcast,
        starlight=night,
        night=night,
        glow=WINDOW_GLOW * dusk * 1.15 / exposure,
        fog_layer=layer + flash_sky * 0.3,
        fog_bank=seen.fog_per_m,
        fog_base=seen.top_m - FOG_SOFT_M,
        fog_soft=FOG_SOFT_M,
        flash_dir=flash_dir,
        flash_sky=flash_sky,
        exposure=exposure,
        dome=_bent(clear * (1 - closed) + grey * closed, mean) * (1 + BRIGHTER_SKY * smoothstep(2.0, 25.0, degrees)),
    )
