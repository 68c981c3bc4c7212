"""Numpy arrays to Panda3D geometry: one vertex format for all surfaces, and buffers of instances."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from panda3d.core import (
    BoundingBox,
    Geom,
    GeomEnums,
    GeomNode,
    GeomTriangles,
    GeomVertexArrayFormat,
    GeomVertexData,
    GeomVertexFormat,
    NodePath,
    OmniBoundingVolume,
    Point3,
    PTA_int,
    Texture,
)

from assets.meshes.mesh import Mesh

SURFACE = np.dtype(
    [
        ("position", "<f4", (3,)),
        ("normal", "<f4", (3,)),
        ("colour", "u1", (4,)),  # sRGB and ambient
        ("extra", "u1", (4,)),
        ("ident", "u1", (4,)),  # instance id, low byte first, and in the fourth the part
    ]
)


def _register(*columns: tuple[str, int, int, int]) -> GeomVertexFormat:
    array = GeomVertexArrayFormat()
    for name, count, numeric, contents in columns:
        array.add_column(name, count, numeric, contents)  # type: ignore[call-overload]
    layout = GeomVertexFormat()
    layout.add_array(array)
    return GeomVertexFormat.register_format(layout)


SURFACE_FORMAT = _register(
    ("vertex", 3, Geom.NT_float32, Geom.C_point),
    ("normal", 3, Geom.NT_float32, Geom.C_normal),
    ("color", 4, Geom.NT_uint8, Geom.C_color),
    ("extra", 4, Geom.NT_uint8, Geom.C_color),
    ("ident", 4, Geom.NT_uint8, Geom.C_color),
)
RADIANCE_FORMAT = _register(("vertex", 3, Geom.NT_float32, Geom.C_point), ("color", 4, Geom.NT_float32, Geom.C_color))


def fill(target: Any, values: NDArray[Any]) -> None:
    """Copy an array's bytes over Panda's own memory: a vertex array or an index array of the same size."""
    flat = np.ascontiguousarray(values).reshape(-1).view(np.uint8)
    np.frombuffer(memoryview(target).cast("B"), dtype=np.uint8)[:] = flat


def geom(vertices: NDArray[Any], triangles: NDArray[np.integer], layout: GeomVertexFormat) -> Geom:
    """A Geom of packed vertices (V,) or (V, floats) and triangles (T, 3)."""
    data = GeomVertexData("vertices", layout, Geom.UH_static)
    data.unclean_set_num_rows(len(vertices))
    fill(data.modify_array(0), vertices)
    primitive = GeomTriangles(Geom.UH_static)
    narrow = len(vertices) < 65536
    primitive.set_index_type(Geom.NT_uint16 if narrow else Geom.NT_uint32)
    index = np.ascontiguousarray(triangles.reshape(-1), dtype=np.uint16 if narrow else np.uint32)
    array = primitive.modify_vertices()
    array.unclean_set_num_rows(len(index))
    fill(array, index)
    made = Geom(data)
    made.add_primitive(primitive)
    return made


def node(made: Geom, name: str, kind: str) -> NodePath:
    """A node of one Geom, tagged with the kind of program that draws it."""
    holder = GeomNode(name)
    holder.add_geom(made)
    path = NodePath(holder)
    path.set_tag("kind", kind)
    return path


def unbounded(path: NodePath) -> None:
    """Never cull this node: its vertices are placed by the shader."""
    path.node().set_bounds(OmniBoundingVolume())
    path.node().set_final(True)


def whole_image(name: str, kind: str) -> NodePath:
    """One triangle over all of an image, whatever is there already."""
    vertices = np.zeros((3, 7), np.float32)
    vertices[:, :2] = (-1, -1), (3, -1), (-1, 3)
    path = node(geom(vertices, np.array([[0, 1, 2]]), RADIANCE_FORMAT), name, kind)
    unbounded(path)
    path.set_depth_test(False)
    path.set_depth_write(False)
    path.set_two_sided(True)
    return path


def bounded(path: NodePath, low: NDArray[np.floating], high: NDArray[np.floating]) -> None:
    """Cull this node by the given box, whatever its vertices say, and then each of its parts by its own."""
    path.node().set_bounds(BoundingBox(Point3(*map(float, low)), Point3(*map(float, high))))


def id_bytes(ids: NDArray[np.integer]) -> NDArray[np.uint8]:
    """Instance ids (n,) as four bytes (n, 4), low byte first, the form vertices carry."""
    return np.ascontiguousarray(ids, dtype="<u4").view(np.uint8).reshape(-1, 4)


def surface(mesh: Mesh, ident: int) -> NDArray[np.void]:
    """A mesh's vertices (V,) SURFACE, all of one instance id."""
    made = np.zeros(len(mesh.positions), SURFACE)
    made["position"], made["normal"] = mesh.positions, mesh.normals
    made["colour"][:, :3], made["colour"][:, 3] = mesh.colours, mesh.ambient
    made["extra"][:, 0], made["extra"][:, 1], made["extra"][:, 2] = mesh.glow, mesh.sway, mesh.slot
    made["ident"] = id_bytes(np.full(1, ident, np.uint32))
    made["ident"][:, 3] = mesh.part
    return made


def vertices_of(path: NodePath) -> NDArray[np.void]:
    """The vertices (V,) SURFACE of a node of one Geom: what is written to them the next draw shows."""
    made: GeomNode = path.node()  # type: ignore[assignment]
    array = made.modify_geom(0).modify_vertex_data().modify_array(0)
    return np.frombuffer(memoryview(array).cast("B"), dtype=SURFACE)  # type: ignore[arg-type]


class RamImage:
    """A texture's own memory, rewritten in place. One view of it serves all writes: Panda3D leaks a bit at each."""

    def __init__(self, texture: Texture, dtype: type[np.generic]) -> None:
        self._texture = texture
        self._memory = np.frombuffer(memoryview(texture.modify_ram_image()), dtype)  # type: ignore[arg-type]

    def write(self, values: NDArray[Any]) -> None:
        """Replace the first values.size numbers; the next draw shows them."""
        self._texture.modify_ram_image()  # says that it changed
        self._memory[: values.size] = values.reshape(-1)


class TexelBuffer:
    """A samplerBuffer of vec4 rows, rewritten in place and grown by doubling."""

    def __init__(self, name: str, rows: int) -> None:
        self.texture = Texture(name)
        self._grow(max(rows, 1))

    def _grow(self, rows: int) -> None:
        self.texture.setup_buffer_texture(rows, Texture.T_float, Texture.F_rgba32, GeomEnums.UH_dynamic)
        self.texture.make_ram_image()
        self._image = RamImage(self.texture, np.float32)
        self.rows = rows

    def write(self, values: NDArray[np.float32]) -> None:
        """Replace the first len(values) rows; values is (rows, 4)."""
        if len(values) > self.rows:
            self._grow(max(len(values), 2 * self.rows))
        self._image.write(values)


class Batch:
    """One mesh drawn many times in one call, its rows taken from a shared TexelBuffer."""

    def __init__(self, made: NodePath, buffer: TexelBuffer, base: int = 0) -> None:
        self.path = made
        self.path.set_shader_input("instances", buffer.texture)
        self._base = PTA_int.empty_array(1)
        self._base[0] = base
        self.path.set_shader_input("batch_base", self._base)
        unbounded(self.path)
        self._count = -1
        self.count(0)

    def count(self, instances: int, base: int | None = None) -> None:
        """How many instances the next draw shows, and where in the buffer they begin, if not where they did."""
        if base is not None:
            self._base[0] = base
        if instances == self._count:
            return
        self._count = instances
        if instances:
            self.path.set_instance_count(instances)
            self.path.show()
        else:
            self.path.hide()


def corners(places: NDArray[np.floating], rank: NDArray[np.floating]) -> tuple[NDArray[np.void], NDArray[np.uint32]]:
    """A quad for each place (n, 3): four vertices that know their corner and the place's rank 0..1."""
    n = len(places)
    made = np.zeros((n, 4), SURFACE)
    made["position"] = places[:, None]
    made["colour"][..., 0], made["colour"][..., 1] = (0, 255, 255, 0), (0, 0, 255, 255)
    made["colour"][..., 2] = (rank * 255)[:, None]
    start = 4 * np.arange(n, dtype=np.uint32)[:, None]
    return made.reshape(-1), (start + np.array([0, 1, 2, 0, 2, 3], np.uint32)).reshape(-1, 3)
