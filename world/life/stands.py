"""Trees that grow, shade each other and die: an individual-based stand model on hashed positions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assets.palette import Species
from world.compiled import compiled
from world.streams import hashed_unit

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

STEP_A = 5  # years
SEEDLING_CM = 1.5  # stem with which a tree enters the model, at breast height
BREAST_M = 1.37
SHADE_LOSS = (
    2.5  # extinction under crowns that cover a tree's own once: 0.5 times a leaf area index of 5 (Monsi & Saeki 1953)
)
STARVING = 0.30  # share of the free growth below which a tree fails
STARVED_DEATHS_A = 0.2  # share of the starving that die in a year; FORET has 0.37 (Shugart & West 1977)
OLD_AGE, OLD_AGE_POWER = 4.0, 3.0  # deaths a year times the greatest age, as the stem nears its thickest
ESTABLISH = 0.25  # of the free places are seeded in a step
OFF_MIDDLE = 0.4  # of a square's side: how far from its middle a tree may stand, at most
CROWN_POWER = 0.8  # crown radius ~ stem^0.8, so that closed crowns give Reineke's N ~ d^-1.6
MASS_KG, MASS_POWER = 0.12, 2.5  # above ground, of d in cm (Jenkins et al. 2003, all species: 2.4-2.5)


@dataclass(frozen=True)
class Traits:
    """How a species grows, after JABOWA (Botkin, Janak & Wallis 1972)."""

    tallest_m: float
    thickest_cm: float
    growth_cm_a: float  # the model's G, set so that young trees in the open add some 5 mm to their stem in a year
    oldest_a: float
    crown_m: float  # radius of the crown over a stem of 40 cm; that of the drawn tree
    tolerance: float  # of shade, 0..1


TRAITS: dict[Species, Traits] = {
    Species.CONIFER: Traits(24.0, 60.0, 125.0, 300.0, 4.6, 0.9),
    Species.BROADLEAF: Traits(18.0, 75.0, 85.0, 280.0, 5.6, 0.8),
    Species.BIRCH: Traits(15.0, 38.0, 150.0, 110.0, 3.9, 0.15),
    Species.PALM: Traits(14.0, 35.0, 140.0, 120.0, 3.6, 0.4),
    Species.ACACIA: Traits(10.0, 55.0, 65.0, 150.0, 5.2, 0.05),
}


def column_of(name: str) -> Floats:
    """A trait as an array indexed by Species; 1 for what is no tree."""
    return np.array([getattr(TRAITS[s], name) if s in TRAITS else 1.0 for s in Species], dtype=np.float64)


TALLEST, THICKEST, GROWTH = column_of("tallest_m"), column_of("thickest_cm"), column_of("growth_cm_a")
OLDEST, CROWN, TOLERANCE = column_of("oldest_a"), column_of("crown_m"), column_of("tolerance")


def height_of(stem_cm: Floats, species: Ints, quality: Floats) -> Floats:
    """Height in metres of a stem: JABOWA's parabola, whose top lies lower on poorer ground (quality 0..1)."""
    share = np.minimum(stem_cm / THICKEST[species], 1.0)
    result: Floats = BREAST_M + (top_height(species, quality) - BREAST_M) * share * (2.0 - share)
    return result


def top_height(species: Ints, quality: Floats) -> Floats:
    """The greatest height in metres on ground of this quality."""
    result: Floats = BREAST_M + (TALLEST[species] - BREAST_M) * (0.45 + 0.55 * quality)
    return result


def stem_of(height_m: Floats, species: Ints, top_m: Floats) -> Floats:
    """The stem in cm that has this height where the greatest is `top_m`: `height_of` the other way round."""
    left = np.clip(1.0 - (height_m - BREAST_M) / (top_m - BREAST_M), 0.0, 1.0)
    result: Floats = THICKEST[species] * (1.0 - np.sqrt(left))
    return result


def crown_of(stem_cm: Floats, species: Ints) -> Floats:
    """Radius of the crown in metres."""
    result: Floats = CROWN[species] * (stem_cm / 40.0) ** CROWN_POWER
    return result


def mass_of(stem_cm: Floats) -> Floats:
    """Mass above ground in kg."""
    result: Floats = MASS_KG * stem_cm**MASS_POWER
    return result


def free_growth(stem_cm: Floats, species: Ints) -> Floats:
    """Growth of the stem in cm a year with full light and water (Botkin et al. 1972, eq. 6)."""
    top, thick = 100.0 * TALLEST[species], THICKEST[species]
    base = 100.0 * BREAST_M
    b2, b3 = 2.0 * (top - base) / thick, (top - base) / thick**2
    stem = np.minimum(stem_cm, thick)
    height = base + b2 * stem - b3 * stem**2
    result: Floats = (
        GROWTH[species]
        * stem
        * (1.0 - stem * height / (thick * top))
        / (2.0 * base + 3.0 * b2 * stem - 4.0 * b3 * stem**2)
    )
    return np.maximum(result, 0.0)


def light_response(light: Floats, tolerance: Floats) -> Floats:
    """Share of the free growth at a relative light, between the intolerant and the tolerant of Botkin et al. 1972."""
    tolerant = 1.0 - np.exp(-4.64 * (light - 0.05))
    intolerant = 2.24 * (1.0 - np.exp(-1.136 * (light - 0.08)))
    result: Floats = np.clip(intolerant + (tolerant - intolerant) * tolerance, 0.0, 1.0)
    return result


@dataclass
class Stand:
    """The places where a tree may stand, and the trees that do; columns of one length, in the order of the hash.

    `lattice` gives the number of the place at (row, col), -1 where none is; x, y lie within that square,
    at most OFF_MIDDLE of its side from its middle.
    """

    lattice: Ints
    row: Ints
    col: Ints
    spacing_m: float
    x: Floats
    y: Floats
    quality: Floats  # 0..1, of soil and water for growth
    chances: Floats  # (places, species): cumulative shares of the species that seed there
    opened_a: Floats  # year of the model from which seedlings may come
    seed: int
    competing: bool = True  # false: nobody shades anybody, the broken model to compare with
    reseeding: bool = True

    def __post_init__(self) -> None:
        count = len(self.x)
        self.stem_cm = np.zeros(count)  # 0: free
        self.species = np.zeros(count, dtype=np.int64)
        self.vigour = np.zeros(count)  # share of the free growth, of the last step
        self.year = 0

    @property
    def living(self) -> Ints:
        """Numbers of the places that have a tree."""
        return np.flatnonzero(self.stem_cm > 0.0)

    @property
    def heights_m(self) -> Floats:
        """Of all places; of no meaning where no tree stands."""
        return height_of(self.stem_cm, self.species, self.quality)

    @property
    def pace(self) -> Floats:
        """Share of the free growth that light, water and soil leave each tree."""
        return self.vigour * (0.35 + 0.65 * self.quality)

    def advance(self, years: int) -> None:
        """Let whole steps of STEP_A years pass: growth, deaths, then seedlings on free ground."""
        for _ in range(years // STEP_A):
            self.year += STEP_A
            living = self.living
            self._grow(living)
            self._die(living)
            self._seed()

    def _chance(self, name: str, places: Ints) -> Floats:
        return hashed_unit(self.col[places], self.row[places], self.seed, f"{name}:{self.year}")

    def _grow(self, living: Ints) -> None:
        shade = self._shade(living)
        species, stem = self.species[living], self.stem_cm[living]
        lit = light_response(np.exp(-SHADE_LOSS * shade), TOLERANCE[species])
        self.vigour[living] = lit
        self.stem_cm[living] = stem + STEP_A * self.pace[living] * free_growth(stem, species)

    def _die(self, living: Ints) -> None:
        starving = np.clip(1.0 - self.vigour[living] / STARVING, 0.0, 1.0)
        size = self.stem_cm[living] / THICKEST[self.species[living]]
        deaths = np.minimum(
            OLD_AGE * size**OLD_AGE_POWER / OLDEST[self.species[living]] + STARVED_DEATHS_A * starving, 0.9
        )
        gone = living[self._chance("death", living) < 1.0 - (1.0 - deaths) ** STEP_A]
        self.stem_cm[gone] = 0.0

    def _seed(self) -> None:
        open_ground = (self.stem_cm == 0.0) & (self.opened_a <= self.year)
        if not self.reseeding:
            open_ground &= self.opened_a > self.year - STEP_A
        places = np.flatnonzero(open_ground)
        if self.reseeding:
            places = places[self._chance("seed", places) < ESTABLISH]
        if not len(places):
            return
        picked = (self._chance("kind", places)[:, None] >= self.chances[places]).sum(axis=1)
        species = np.minimum(picked, len(Species) - 1)
        before = self.stem_cm.copy()
        self.stem_cm[places], self.species[places] = SEEDLING_CM, species
        lit = light_response(np.exp(-SHADE_LOSS * self._shade(places, before)), TOLERANCE[species])
        failed = places[lit < STARVING]
        self.stem_cm[failed] = 0.0
        self.vigour[places] = lit

    def _shade(self, places: Ints, stems: Floats | None = None) -> Floats:
        """How much of each place's crown lies under others: by the trees of now, or by those of `stems`."""
        if not self.competing or not len(places):
            return np.zeros(len(places))
        over = self.stem_cm if stems is None else stems
        radius = np.where(over > 0.0, crown_of(over, self.species), 0.0)
        height = np.where(over > 0.0, height_of(over, self.species, self.quality), 0.0)
        own = self.stem_cm[places]
        own_radius = crown_of(own, self.species[places])
        own_height = height_of(own, self.species[places], self.quality[places])
        reach = np.floor((own_radius + radius.max()) / self.spacing_m + 2 * OFF_MIDDLE).astype(np.int64)
        return crowding(
            places, own_radius, own_height, reach, self.lattice, self.row, self.col, self.x, self.y, radius, height
        )


@compiled
def crowding(
    places: Ints,
    own_radius: Floats,
    own_height: Floats,
    reach: Ints,
    lattice: Ints,
    row: Ints,
    col: Ints,
    x: Floats,
    y: Floats,
    radius: Floats,
    height: Floats,
) -> Floats:
    """Sum over neighbours of the share of a crown that theirs covers, weighed by how much they overtop it.

    `reach` says how many squares of the lattice away each place's neighbours may stand.
    """
    rows, cols = lattice.shape
    shade = np.zeros(places.size)
    for k in range(places.size):
        i = places[k]
        total, far = 0.0, reach[k]
        for r in range(max(row[i] - far, 0), min(row[i] + far + 1, rows)):
            for c in range(max(col[i] - far, 0), min(col[i] + far + 1, cols)):
                j = lattice[r, c]
                if j < 0 or j == i or radius[j] <= 0.0:
                    continue
                over = (height[j] / own_height[k] - 0.75) * 2.0
                if over <= 0.0:
                    continue
                both = own_radius[k] + radius[j]
                dx, dy = x[j] - x[i], y[j] - y[i]
                apart = dx * dx + dy * dy
                if apart >= both * both:
                    continue
                lesser = min(own_radius[k], radius[j])
                t = min((both - np.sqrt(apart)) / (2.0 * lesser), 1.0)
                covered = t * t * (3.0 - 2.0 * t) * (lesser * lesser) / (own_radius[k] * own_radius[k])
                total += covered * min(over, 1.0)
        shade[k] = total
    return shade


def even_aged_plot(species: Species, side: int, spacing_m: float, seed: int, competing: bool = True) -> Stand:
    """A planted square of one species that is seeded once, for measuring how crowding thins it."""
    row, col = (a.ravel() for a in np.divmod(np.arange(side * side), side))
    east, north = (hashed_unit(col, row, seed, name) for name in ("plot east", "plot north"))
    chances = np.zeros((side * side, len(Species)))
    chances[:, int(species) :] = 1.0
    return Stand(
        lattice=np.arange(side * side).reshape(side, side),
        row=row,
        col=col,
        spacing_m=spacing_m,
        x=(col + 0.5 + OFF_MIDDLE * (2 * east - 1)) * spacing_m,
        y=(row + 0.5 + OFF_MIDDLE * (2 * north - 1)) * spacing_m,
        quality=np.ones(side * side),
        chances=chances,
        opened_a=np.full(side * side, float(STEP_A)),
        seed=seed,
        competing=competing,
        reseeding=False,
    )
