import hashlib
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.meshes import props
from assets.meshes.bridge import FOOT_M
from assets.meshes.buildings import OVERHANG_M, building
from assets.meshes.carpentry import FOUNDATION_M
from assets.meshes.figure import ADULT_M, BONES, LEVELS, SLOTS, mirrored
from assets.meshes.figure_face import Face, head
from assets.meshes.figure_pieces import PIECES, piece
from assets.meshes.mesh import Mesh, beam, bevelled_box, box, frustum, icosphere, join, lathe, prism, turn
from assets.meshes.plants import crop_tuft, flower, grass_tuft, plant
from assets.palette import BuildingKind, Part, Species
from tests.test_walls import ROOT

pytestmark = pytest.mark.slow
WALL, ROOF = (226, 214, 190), (150, 74, 52)
SIZES = {
    BuildingKind.HOUSE: (8.0, 6.5, 2.9, 2.8),
    BuildingKind.INN: (12.0, 9.0, 5.2, 3.6),
    BuildingKind.MILL: (8.0, 7.0, 3.6, 3.0),
    BuildingKind.FORGE: (7.0, 6.0, 2.8, 2.4),
    BuildingKind.CHAPEL: (8.0, 14.0, 4.5, 4.0),
    BuildingKind.BARN: (10.0, 7.0, 3.4, 3.2),
    BuildingKind.WELL: (2.4, 2.4, 2.2, 0.9),
    BuildingKind.MARKET_STALL: (3.0, 2.4, 2.1, 0.7),
    BuildingKind.BAKERY: (9.0, 7.0, 2.9, 2.8),
    BuildingKind.SCHOOL: (11.0, 7.5, 3.5, 3.0),
    BuildingKind.BRIDGE: (3.6, 15.0, 0.9, 0.1),
}
BUDGETS = {
    BuildingKind.HOUSE: 1700,
    BuildingKind.INN: 3400,
    BuildingKind.MILL: 2600,
    BuildingKind.FORGE: 1100,
    BuildingKind.CHAPEL: 2700,
    BuildingKind.BARN: 1100,
    BuildingKind.WELL: 500,
    BuildingKind.MARKET_STALL: 1300,
    BuildingKind.BAKERY: 2000,
    BuildingKind.SCHOOL: 2200,
    BuildingKind.BRIDGE: 300,
}


def everything() -> dict[str, Mesh]:
    meshes = {f"{s.name} {d}": plant(s, d) for s in Species for d in range(3)}
    meshes |= {f"{k.name} {v}": building(k, *SIZES[k], WALL, ROOF, v) for k in BuildingKind for v in range(4)}
    meshes |= {f"figure {name} {level}": piece(name, level).mesh for name in PIECES for level in range(LEVELS)}
    meshes |= {
        f"head {beard} {level}": head(Face(beard=beard), level).mesh for beard in range(6) for level in range(LEVELS)
    }
    meshes |= {"grass": grass_tuft(), "crop": crop_tuft()} | {f"flower {k}": flower(k) for k in range(3)}
    makers = (props.crate, props.barrel)
    return meshes | {maker.__name__: maker() for maker in makers}


@pytest.fixture(scope="module")
def meshes() -> dict[str, Mesh]:
    return everything()


def digest() -> str:
    columns = hashlib.sha256()
    for name, mesh in sorted(everything().items()):
        columns.update(name.encode())
        for column in vars(mesh).values():
            columns.update(np.ascontiguousarray(column).tobytes())
    return columns.hexdigest()


def face_normals(mesh: Mesh) -> np.ndarray:
    a, b, c = (mesh.positions[mesh.triangles[:, k]].astype(np.float64) for k in range(3))
    return np.cross(b - a, c - a)


def test_every_mesh_is_well_formed(meshes):
    for name, mesh in meshes.items():
        n = len(mesh.positions)
        assert mesh.positions.dtype == mesh.normals.dtype == np.float32, name
        assert mesh.triangles.dtype == np.uint32, name
        for column in (mesh.colours, mesh.ambient, mesh.glow, mesh.sway, mesh.slot):
            assert column.dtype == np.uint8, name
            assert len(column) == n, name
        assert np.isfinite(mesh.positions).all(), name
        assert np.allclose(np.linalg.norm(mesh.normals, axis=1), 1.0, atol=1e-4), name
        assert mesh.triangles.max() < n, name
        assert np.unique(mesh.triangles).size == n, f"{name} has vertices of no triangle"


def test_no_triangle_is_degenerate(meshes):
    for name, mesh in meshes.items():
        area = np.linalg.norm(face_normals(mesh), axis=1) / 2
        # trees are one metre high here and drawn ten times larger
        assert area.min() > 1e-8, f"{name}: {int((area <= 1e-8).sum())} triangles without area"


def test_shading_normals_agree_with_the_winding(meshes):
    for name, mesh in meshes.items():
        if name.startswith(("grass", "crop", "flower")):
            continue  # blades are lit like the ground they stand on
        facing = np.einsum("ij,ij->i", face_normals(mesh), mesh.normals[mesh.triangles].mean(axis=1))
        assert (facing > 0).mean() > 0.97, f"{name}: {(facing > 0).mean():.3f} of the triangles face their normals"


def volume(mesh: Mesh) -> float:
    """Enclosed volume of a closed mesh by the divergence theorem; negative if its faces point inwards."""
    a, b, c = (mesh.positions[mesh.triangles[:, k]].astype(np.float64) for k in range(3))
    return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6.0)


@given(st.tuples(*[st.floats(0.1, 9.0)] * 3), st.floats(-3, 3), st.floats(0.3, 3.0))
def test_primitives_enclose_the_volume_of_their_formula(size, angle, scale):
    x, y, z = size
    assert volume(box((1, 2, 3), size, WALL)) == pytest.approx(x * y * z, rel=1e-3)
    assert volume(frustum(x, y, 0, z, 64, WALL)) == pytest.approx(np.pi * z * (x * x + x * y + y * y) / 3, rel=5e-3)
    assert volume(prism([(0, 0), (x, 0), (0, y)], 0, z, WALL)) == pytest.approx(x * y * z / 2, rel=1e-3)
    turned = box((0, 0, 0), size, WALL).transformed(turn(angle, angle / 2, -angle), (4, 5, 6), scale)
    assert volume(turned) == pytest.approx(x * y * z * scale**3, rel=1e-3)
    mirrored = box((0, 0, 0), size, WALL).transformed(scale=(-1, 1, 1))
    assert volume(mirrored) == pytest.approx(x * y * z, rel=1e-3)
    assert volume(beam((0, 0, 0), (0, x, y), 0.2, 0.3, WALL)) == pytest.approx(np.hypot(x, y) * 0.06, rel=1e-3)


def test_solid_parts_of_bodies_and_props_face_outwards():
    assert 0.003 < volume(head(Face(), 0).mesh) < 0.02
    for name in ("load hoe", "load axe", "load sack", "stool", "cane"):
        assert volume(piece(name, 0).mesh) > 0, name
    for name in ("boots", "hands", "sleeves", "sleeves_rolled", "trousers", "shirt_man", "shirt_woman", "hair bob"):
        mesh = piece(name, 0).mesh
        for part in np.unique(mesh.part):
            mine = mesh.part == part
            out = mesh.positions[mine] - mesh.positions[mine].mean(axis=0)
            assert ((out * mesh.normals[mine]).sum(axis=1) > 0).mean() > 0.75, f"{name}: {Part(part).name}"
    assert 0.15 < volume(props.barrel()) < 0.4
    assert volume(plant(Species.ROCK, 0)) > 0.2


def test_round_primitives_approach_their_volume():
    assert volume(icosphere(3, WALL)) == pytest.approx(4 / 3 * np.pi, rel=0.02)
    cylinder = lathe([(0, 0), (1, 0), (1, 2), (0, 2)], 128, WALL)
    assert volume(cylinder) == pytest.approx(2 * np.pi, rel=0.01)
    assert 0 < volume(bevelled_box((0, 0, 0), (1, 1, 1), 0.1, WALL)) < 1


def test_join_keeps_every_part_in_place():
    parts = [box((k, 0, 0), (0.5, 0.5, 0.5), WALL) for k in range(5)]
    whole = join(parts)
    assert volume(whole) == pytest.approx(5 * 0.125, rel=1e-4)
    with pytest.raises(ValueError, match="at least one"):
        join([])


@pytest.mark.parametrize("species", list(Species))
def test_plants_are_one_metre_high_and_lighter_with_distance(species):
    near, mid, far = (plant(species, detail) for detail in range(3))
    for mesh in (near, mid, far):
        assert mesh.positions[:, 2].max() == pytest.approx(1.0, abs=1e-5)
        assert -0.4 < mesh.positions[:, 2].min() < 0.12
    assert len(near.triangles) <= 600
    assert len(mid.triangles) <= 150
    assert len(far.triangles) <= 26
    widths = [np.ptp(mesh.positions[:, 0]) for mesh in (near, mid, far)]
    assert max(widths) < 1.6 * min(widths), "a tree must not change its bulk with the level of detail"


def test_only_what_grows_sways():
    tree = plant(Species.BROADLEAF, 0)
    foot = tree.positions[:, 2] < 0.1
    assert tree.sway[foot].max() == 0
    assert tree.sway.max() > 200
    assert plant(Species.ROCK, 0).sway.max() == 0
    assert len(grass_tuft().triangles) <= 9
    assert grass_tuft().sway[grass_tuft().positions[:, 2] <= 0].max() == 0
    with pytest.raises(ValueError, match="detail is 3"):
        plant(Species.BIRCH, 3)


@pytest.mark.parametrize("kind", list(BuildingKind))
def test_buildings_keep_to_their_footprint_and_budget(kind):
    width, depth, wall, roof = SIZES[kind]
    for variant in range(12):
        mesh = building(kind, *SIZES[kind], WALL, ROOF, variant)
        low, high = mesh.positions.min(axis=0), mesh.positions.max(axis=0)
        limit = np.array([width, depth]) / 2 + OVERHANG_M
        assert (np.abs(low[:2]) <= limit).all()
        assert (high[:2] <= limit).all()
        assert low[2] >= -(FOOT_M if kind == BuildingKind.BRIDGE else FOUNDATION_M) - 1e-5
        assert high[2] >= wall + min(roof, 0.7)
        assert len(mesh.triangles) <= BUDGETS[kind]


@settings(max_examples=30, deadline=None)
@given(
    st.sampled_from(list(BuildingKind)),
    st.floats(2.0, 16.0),
    st.floats(2.0, 16.0),
    st.floats(2.2, 6.0),
    st.floats(0.6, 5.0),
    st.integers(0, 50),
)
def test_any_size_gives_a_sound_building(kind, width, depth, wall, roof, variant):
    mesh = building(kind, width, depth, wall, roof, WALL, ROOF, variant)
    assert np.isfinite(mesh.positions).all()
    assert np.allclose(np.linalg.norm(mesh.normals, axis=1), 1.0, atol=1e-4)
    limit = np.array([width, depth]) / 2 + OVERHANG_M
    assert (np.abs(mesh.positions[:, :2]) <= limit).all()


def test_buildings_refuse_sizes_that_are_not_positive():
    with pytest.raises(ValueError, match="must be positive"):
        building(BuildingKind.HOUSE, 8.0, 0.0, 3.0, 3.0, WALL, ROOF, 0)


def test_the_mill_wheel_is_on_the_river_side():
    width, depth, _, _ = SIZES[BuildingKind.MILL]
    mesh = building(BuildingKind.MILL, *SIZES[BuildingKind.MILL], WALL, ROOF, 0)
    behind = mesh.positions[mesh.positions[:, 1] > depth / 2 + 0.8]
    assert np.ptp(behind[:, 0]) > 3.5
    assert np.ptp(behind[:, 2]) > 3.5
    assert np.abs(mesh.positions[:, 0]).max() < width / 2 + 0.7


def test_windows_glow_and_roofs_wear_their_colour():
    red, blue = (
        building(BuildingKind.HOUSE, *SIZES[BuildingKind.HOUSE], WALL, c, 0) for c in ((200, 40, 40), (40, 40, 200))
    )
    assert (red.glow == 255).sum() >= 4 * 4 * 5
    high = red.positions[:, 2] > 4.5
    assert red.colours[high][:, 0].mean() > blue.colours[high][:, 0].mean() + 40


def test_figures_are_adults_within_budget():
    """Some 5,000 triangles within 10 m, 2,000 to 40 m, 800 beyond."""
    common = ("shirt_man", "tails_man", "sleeves", "hands", "trousers", "boots", "hair short")
    for level, most in enumerate((5200, 2000, 800)):
        pieces = [head(Face(), level), *(piece(name, level) for name in common)]
        assert sum(len(each.mesh.triangles) for each in pieces) <= most
        points = np.concatenate([each.mesh.positions for each in pieces])
        assert points[:, 2].min() == pytest.approx(0.0, abs=0.002)
        assert points[:, 2].max() == pytest.approx(ADULT_M, abs=0.03)
        assert 0.4 < np.ptp(points[:, 1]) < 0.6


def test_vertices_of_figures_know_their_part_their_slot_and_their_bones():
    sides = {"LEFT": 1, "RIGHT": -1}
    for name in PIECES:
        for level in range(LEVELS):
            made = piece(name, level)
            assert (made.mesh.part != Part.NOTHING).all(), name
            assert made.mesh.slot.max() < SLOTS and made.bones.max() < len(BONES)
            assert ((made.weight >= 0) & (made.weight <= 1)).all()
            corners = made.mesh.part[made.mesh.triangles]
            assert (corners == corners[:, :1]).all(), f"{name} has a triangle of two parts"
            for part in np.unique(made.mesh.part):
                side = sides.get(Part(part).name.rsplit("_", 1)[-1], 0)
                assert side == 0 or (made.mesh.positions[made.mesh.part == part, 1] * side > 0).all(), name
            if name in ("sleeves", "hands", "boots"):
                again = mirrored(mirrored(made))
                assert np.array_equal(again.bones, made.bones) and np.array_equal(again.mesh.part, made.mesh.part)


def test_two_processes_build_the_same_bytes():
    code = "from tests.assets.test_meshes import digest; print(digest())"
    other = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert other.stdout.strip() == digest()


def test_warm_plants_are_unlike_in_outline():
    palm, acacia, cactus = (plant(s, 0) for s in (Species.PALM, Species.ACACIA, Species.CACTUS))
    for tree, reach in ((palm, 0.15), (acacia, 0.3)):  # bare below the crown, wide in it
        high = tree.positions[:, 2] > 0.75
        low = (tree.positions[:, 2] > 0.0) & (tree.positions[:, 2] < 0.38)
        assert np.hypot(*tree.positions[high, :2].T).max() > reach
        assert np.hypot(*tree.positions[low, :2].T).max() < 0.1
    assert cactus.sway.max() == 0
    assert volume(cactus) > 0.01
