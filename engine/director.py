"""The director: a camera that chooses its own views by what they would show.

For every shot some two dozen candidates are drawn small, as ids alone, and scored. The scores reward people of a good
size who show their faces, a variety of things and some sky; and punish what stands too near, empty ground, figures cut
by the border, and repetition. What to weigh was learnt from composition in film: Christie et al. 2008, "Camera control
in computer graphics"; people count most, as in Burelli 2016, "Game cinematography".
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from assets.palette import SemanticClass
from engine.scenario import CameraPart
from engine.sight import CLEARANCE_M, EYE_M, Surroundings, look
from engine.walking_cameras import STREET_EYE_M
from recorder.annotate import visible_villagers
from recorder.schema import CameraPose, Cast, Scenery, Snapshot
from world.streams import stream

if TYPE_CHECKING:
    from engine.render.stage import Stage

Floats = NDArray[np.float64]
Images = dict[str, NDArray[Any]]

SKETCH_HEIGHT, SKETCH_WIDTH, SKETCH_SIDE = 72, 1024, 8  # pixels of a candidate's drawing, at most and at least
PAIRS, AROUND_PAIR = 3, 4  # conversations that are looked at, and from how many sides
STREETS, WIDE = 10, 5  # views at eye height near people and houses, and from above
GATHERINGS, AROUND_GATHERING, GATHERED_M = 2, 4, 4.0  # where three or more stand so near each other
FRONT_RAD = 1.3  # to either side of where somebody faces, a camera sees the face
ASIDE = 0.4  # of half the picture's width: so far from its middle a view may set its subject, towards a third
NEARNESS_M, CLOSE_M = 1.6, 3.5  # what is nearer stands in the way, of walls and stalls already from the second
LEAST_PIXELS = 4  # of a villager in the drawing, to count
REMEMBERED = 4  # shots that should not be shown again
GOOD_SHARE = 0.05  # of the picture that its largest figure fills: more is no better
COUNTED_SHARE = 0.004  # that a figure fills which counts as one: some 12 m away; smaller ones count as less
MUCH_GROUND = 0.35  # of the picture: more is empty
SAME_PLACE_M, SAME_YAW_RAD = 8.0, 0.8  # nearer than that, views are of the same subject, or from the same side
GROUND = (SemanticClass.TERRAIN, SemanticClass.GRASS, SemanticClass.CROP)
LEAST_FREE = 0.6  # share of the line from the subject that must be free for a view to be drawn at all


@dataclass(frozen=True)
class Candidate:
    """A view that may be taken: from where, of what, and what kind of view it is."""

    pose: CameraPose
    kind: str  # talk, gathering, street or wide
    subject: tuple[float, float]  # x, y of what it looks at


class DirectorRig:
    """Holds a view for a while, then takes the best of new ones; a pure function of the snapshots it has been shown.

    Args:
        part: how long a shot lasts, and round which place the director works.
        centre: that place.
        scenery, cast: what can be seen.
        around: free sight over them.
        tick_rate: of the snapshots.
        seed: of the scenario; the candidates come from a stream of the camera's name and the number of the shot.
        aspect: width over height of the pictures.
    """

    def __init__(
        self,
        part: CameraPart,
        centre: Floats,
        scenery: Scenery,
        cast: Cast,
        around: Surroundings,
        tick_rate: int,
        seed: int,
        aspect: float,
    ) -> None:
        self._part, self._centre, self._around, self._seed = part, centre, around, seed
        self._scenery, self._cast = scenery, cast
        self._shot_ticks = max(1, round(part.shot_s * tick_rate))
        height = max(SKETCH_SIDE, min(SKETCH_HEIGHT, round(SKETCH_WIDTH / aspect)))
        self._size = max(SKETCH_SIDE, min(SKETCH_WIDTH, round(height * aspect))), height
        self._tick_rate = tick_rate
        self._half_width = float(np.tan(np.radians(part.fov_deg) / 2)) * aspect  # of the picture, at distance 1
        self._stage: Stage | None = None
        self._shot = -1
        self._taken: Candidate | None = None
        self._before: deque[Candidate] = deque(maxlen=REMEMBERED)

    def pose(self, snapshot: Snapshot) -> CameraPose:
        """The pose for the snapshot; snapshots must come in order.

        Raises:
            RenderError: nothing can be drawn here.
        """
        shot = snapshot.tick // self._shot_ticks
        if self._taken is None or shot != self._shot:
            self._shot = shot
            self._taken = self._best(snapshot)
            self._before.append(self._taken)
        return self._taken.pose

    def _best(self, snapshot: Snapshot) -> Candidate:
        rng = stream(self._seed, f"director:{self._part.name}", self._shot)
        candidates = self._candidates(snapshot, rng)
        scores = [self._score(snapshot, candidate) for candidate in candidates]
        return candidates[int(np.argmax(scores))]

    def _candidates(self, snapshot: Snapshot, rng: np.random.Generator) -> list[Candidate]:
        made = [
            *self._of_talk(snapshot, rng),
            *self._of_gatherings(snapshot, rng),
            *self._of_streets(snapshot, rng),
        ]
        wide = self._wide(rng)
        good = [view for view in made if self._free(view)] + wide
        return [view for view in good if self._around.in_the_open(np.asarray(view.pose.position))] or wide

    def _free(self, view: Candidate) -> bool:
        target = np.array([*view.subject, 0.0])
        target[2] = float(self._around.ground(target[None, 0], target[None, 1])[0]) + EYE_M
        return self._around.free_share(target, np.asarray(view.pose.position)) > LEAST_FREE

    def _of_talk(self, snapshot: Snapshot, rng: np.random.Generator) -> list[Candidate]:
        """Views of those who talk nearest to the place, from both sides of the line between them."""
        rows = snapshot.villagers
        pairs = sorted(
            (float(np.hypot(rows["x"][a] - self._centre[0], rows["y"][a] - self._centre[1])), a, int(b))
            for a, b in enumerate(rows["look_at"])
            if b > a and rows["look_at"][b] == a and rows["indoors"][a] == 0 and rows["indoors"][b] == 0
        )
        made = []
        for _, a, b in pairs[:PAIRS]:
            ends = np.array([[rows[name][row] for name in ("x", "y", "z")] for row in (a, b)], np.float64)
            target, gap = _above(ends.mean(axis=0), EYE_M - 0.2), float(np.hypot(*(ends[1] - ends[0])[:2]))
            across = np.arctan2(*(ends[1] - ends[0])[[1, 0]]) + np.pi / 2
            for k in range(AROUND_PAIR):
                azimuth = across + np.pi * (k % 2) + rng.uniform(-0.6, 0.6)
                distance = rng.uniform(2.6, 6.0) + gap / 2  # both ends fit in
                made.append(self._from(target, azimuth, distance, rng.uniform(1.4, 2.2), "talk"))
        return made

    def _of_gatherings(self, snapshot: Snapshot, rng: np.random.Generator) -> list[Candidate]:
        """Views of where three or more stand together, the largest such places first, from sides drawn by chance."""
        rows = snapshot.villagers
        out = np.flatnonzero(rows["indoors"] == 0)
        places = np.stack([rows[name][out] for name in ("x", "y", "z")], axis=1).astype(np.float64)
        made = []
        for _ in range(GATHERINGS):
            near = np.linalg.norm(places[:, None, :2] - places[None, :, :2], axis=2) < GATHERED_M
            most = int(near.sum(axis=1).argmax()) if len(places) else 0
            if not len(places) or near[most].sum() < 3:
                break
            target = _above(places[near[most]].mean(axis=0), EYE_M - 0.2)
            for azimuth in rng.uniform(0, 2 * np.pi, AROUND_GATHERING):
                made.append(self._from(target, float(azimuth), rng.uniform(5.5, 9.0), STREET_EYE_M, "gathering"))
            places = places[~near[most]]
        return made

    def _of_streets(self, snapshot: Snapshot, rng: np.random.Generator) -> list[Candidate]:
        """Views at eye height of people, mostly of their faces, or of places where nobody is out."""
        rows = snapshot.villagers
        outdoors = np.flatnonzero(rows["indoors"] == 0)
        if outdoors.size:
            chosen = outdoors[rng.integers(outdoors.size, size=STREETS)]
            targets = [np.array([float(rows[name][row]) for name in ("x", "y", "z")]) for row in chosen]
            azimuths = rows["heading"][chosen] + rng.uniform(-FRONT_RAD, FRONT_RAD, STREETS)
            distances = rng.uniform(3.2, 8.5, STREETS)
        else:
            places = self._scenery.places
            chosen = rng.integers(len(places), size=STREETS) if places else np.zeros(0, np.int64)
            targets = [self._on_ground(float(places[row]["x"]), float(places[row]["y"])) for row in chosen]
            azimuths, distances = rng.uniform(0, 2 * np.pi, len(chosen)), rng.uniform(6.0, 16.0, len(chosen))
        asides, heights = rng.uniform(-ASIDE, ASIDE, len(targets)), rng.uniform(1.2, 1.7, len(targets))
        return [
            self._from(_above(target, height), float(azimuth), float(distance), STREET_EYE_M, "street", float(aside))
            for target, height, azimuth, distance, aside in zip(
                targets, heights, azimuths, distances, asides, strict=True
            )
        ]

    def _wide(self, rng: np.random.Generator) -> list[Candidate]:
        target = _above(self._centre, EYE_M)
        return [
            self._from(
                target,
                rng.uniform(0, 2 * np.pi),
                self._part.distance * rng.uniform(0.6, 1.6),
                self._part.height * rng.uniform(0.5, 1.5),
                "wide",
            )
            for _ in range(WIDE)
        ]

    def _on_ground(self, x: float, y: float) -> Floats:
        return np.array([x, y, float(self._around.ground(np.array([x]), np.array([y]))[0])])

    def _from(
        self, target: Floats, azimuth: float, distance: float, height_m: float, kind: str, aside: float = 0.0
    ) -> Candidate:
        """A view of a target from a side; `aside` of half the picture's width it is set right of the middle."""
        position = target + np.array([np.cos(azimuth), np.sin(azimuth), 0.0]) * distance
        ground = float(self._around.ground(position[None, 0], position[None, 1])[0])
        position[2] = ground + max(height_m, CLEARANCE_M)
        pose = look(position, np.asarray(target, np.float64), self._part.fov_deg)
        pose = replace(pose, yaw=pose.yaw + float(np.arctan(aside * self._half_width)))
        return Candidate(pose, kind, (float(target[0]), float(target[1])))

    def _score(self, snapshot: Snapshot, view: Candidate) -> float:
        images = self._drawn(snapshot, view.pose)
        return composition(images, self._cast, _facing(snapshot, view.pose)) - self._repeats(view)

    def _drawn(self, snapshot: Snapshot, pose: CameraPose) -> Images:
        if self._stage is None:
            from engine.render.stage import Stage  # noqa: PLC0415 - cameras are set up where nothing is ever drawn, too

            self._stage = Stage(
                self._scenery, self._cast, self._size, ("depth", "instance", "semantic"), tick_rate=self._tick_rate
            )
        return self._stage.render(snapshot, pose)

    def _repeats(self, view: Candidate) -> float:
        """How much this view is like the last ones: of the same kind, of the same place, and from the same side."""
        cost = 0.0
        for age, old in enumerate(reversed(self._before), 1):
            near = np.hypot(view.subject[0] - old.subject[0], view.subject[1] - old.subject[1]) < SAME_PLACE_M
            same_side = near and np.cos(view.pose.yaw - old.pose.yaw) > np.cos(SAME_YAW_RAD)
            cost += (0.25 * (view.kind == old.kind) + 0.5 * near + 1.0 * same_side) / age
        return cost


def _above(point: Floats, height_m: float) -> Floats:
    return np.array([point[0], point[1], point[2] + height_m])


def _facing(snapshot: Snapshot, pose: CameraPose) -> Floats:
    """How far each villager (n,) faces a camera: 1 straight at it, -1 away from it."""
    rows = snapshot.villagers
    towards = np.arctan2(pose.position[1] - rows["y"], pose.position[0] - rows["x"])
    return np.asarray(np.cos(rows["heading"] - towards), np.float64)


def composition(images: Images, cast: Cast, facing: Floats) -> float:
    """How good a view is, from its depth, instance and semantic images; a good one of people has 2 or more.

    Args:
        images: depth (H, W) metres, instance (H, W) ids, semantic (H, W) classes.
        cast: whose ids count as people.
        facing: how far each of them (n,) faces the camera, 1 straight at it, -1 away from it.
    """
    ids, classes = images["instance"], images["semantic"]
    total = ids.size
    people = visible_villagers(ids, cast, LEAST_PIXELS)
    border = np.concatenate([ids[0], ids[-1], ids[:, 0], ids[:, -1]])
    size = np.array([*people.values()], np.float64) / total
    cut = size[np.isin(cast.looks["id"][[*people]], border)]
    largest = float(size.max(initial=0.0))
    weight = np.sqrt(size / max(float(size.sum()), 1e-9))
    faces = float((weight * facing[[*people]]).sum() / max(float(weight.sum()), 1e-9)) if people else 0.0
    shares = np.bincount(classes.reshape(-1), minlength=len(SemanticClass)) / total
    sky = float(shares[SemanticClass.NOTHING])
    seen = shares[shares > 0]
    variety = float(-(seen * np.log2(seen)).sum())
    near = float((images["depth"] < NEARNESS_M).mean())
    built = np.isin(classes, (SemanticClass.BUILDING, SemanticClass.PROP, SemanticClass.WELL))
    close = float(((images["depth"] < CLOSE_M) & built).mean())
    ground = float(sum(shares[kind] for kind in GROUND))
    return float(
        1.2 * np.sqrt(min(largest / GOOD_SHARE, 1.0))
        + 0.25 * min(float(np.minimum(size / COUNTED_SHARE, 1.0).sum()), 6.0)
        + 0.6 * faces
        + 0.35 * variety
        - 0.4 * len(cut)
        - 12.0 * float(cut.sum())
        - 2.0 * close
        - 2.0 * max(ground - MUCH_GROUND, 0.0)
        - 3.0 * abs(sky - 0.25)
        - 6.0 * near
        + 0.3 * (0.0 < float(shares[SemanticClass.WATER]) < 0.4)
    )
