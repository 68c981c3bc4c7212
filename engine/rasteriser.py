"""Triangles as OpenGL rasterises them, thing by thing and without what hides them; loops that are compiled.

A pixel is covered where its centre lies inside a triangle that faces the camera. Corners are rounded to 1/256 pixel
first, as rasterisers do, so that what is counted here is what is drawn, but for pixels whose centre lies on an edge.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from world.compiled import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SUBPIXELS = 256.0  # steps of a rasteriser between two pixels: 8 bits in Mesa, NVIDIA and AMD drivers alike
GRID = 512  # cells across, at most, of the grid on which the parts beyond the border are counted
FAR_PX = 1 << 40  # beyond any picture: there boxes of nothing begin, and end as far the other way


@compiled
def shown(instance: NDArray[np.uint32], most: int) -> NDArray[np.bool_]:
    """Which of the ids 0 to `most` an instance image (H, W) shows, as an array to index with ids."""
    found = np.zeros(most + 1, np.bool_)
    for y in range(instance.shape[0]):
        for x in range(instance.shape[1]):
            if instance[y, x] <= most:
                found[instance[y, x]] = True
    return found


@compiled
def visible(instance: NDArray[np.uint32], row_of: NDArray[np.int32], boxes: Ints, pixels: Ints) -> None:
    """First and last column and row of the pixels that show each thing, and how many they are."""
    for k in range(len(boxes)):
        boxes[k, 0] = boxes[k, 1] = FAR_PX
        boxes[k, 2] = boxes[k, 3] = -1
    for y in range(instance.shape[0]):
        for x in range(instance.shape[1]):
            ident = instance[y, x]
            if ident == 0 or ident >= len(row_of) or row_of[ident] < 0:
                continue
            k = row_of[ident]
            pixels[k, 0] += 1
            _stretch(boxes[k], x, x, y)


@compiled
def _stretch(box: Ints, first: int, last: int, y: int) -> None:
    """Make a box of first and last column and row hold a piece of a row."""
    box[0], box[1] = min(box[0], first), min(box[1], y)
    box[2], box[3] = max(box[2], last), max(box[3], y)


@compiled
def _span(ax: float, ay: float, bx: float, by: float, y: float, left: float, right: float) -> tuple[float, float]:
    """The part of a row between two edges, made to reach as far as the edge from a to b where that crosses the row."""
    if (ay <= y) != (by <= y):
        if ay > by:  # always the same way round, so that two triangles agree about the edge they share
            ax, ay, bx, by = bx, by, ax, ay
        x = ax + (y - ay) * (bx - ax) / (by - ay)
        return min(left, x), max(right, x)
    return left, right


@compiled
def _fill(
    ax: float,
    ay: float,
    bx: float,
    by: float,
    cx: float,
    cy: float,
    mask: NDArray[np.int32],
    stamp: int,
    skipped: Ints,
    box: Ints,
) -> int:
    """Stamp the cells whose centre lies in a triangle; gives how many are new and not in the block that is skipped.

    Corners are in cells: x to the right, y down, centres at +0.5. `skipped` is first and last column and row.
    """
    rows, columns = mask.shape
    first = int(np.ceil(max(min(ay, by, cy), 0.0) - 0.5))
    last = int(np.ceil(min(max(ay, by, cy), rows + 0.0) - 0.5))
    fresh = 0
    for row in range(first, last):
        y = row + 0.5
        left, right = _span(ax, ay, bx, by, y, np.inf, -np.inf)
        left, right = _span(bx, by, cx, cy, y, left, right)
        left, right = _span(cx, cy, ax, ay, y, left, right)
        if not left < right:
            continue
        begin = int(np.ceil(max(left, 0.0) - 0.5))
        end = int(np.ceil(min(right, columns + 0.0) - 0.5))
        if begin >= end:
            continue
        _stretch(box, begin, end - 1, row)
        outside = row < skipped[1] or row > skipped[3]
        for column in range(begin, end):
            if mask[row, column] != stamp:
                mask[row, column] = stamp
                if outside or column < skipped[0] or column > skipped[2]:
                    fresh += 1
    return fresh


@compiled
def _shows(ax: float, ay: float, bx: float, by: float, cx: float, cy: float, two_sided: bool) -> bool:
    """Whether a triangle faces the camera and may hold the centre of a cell: most of a far tree's do not."""
    area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
    if area == 0.0 or (area > 0.0 and not two_sided):  # with y down, what faces the camera runs clockwise
        return False
    if np.ceil(min(ay, by, cy) - 0.5) >= np.ceil(max(ay, by, cy) - 0.5):
        return False
    return bool(np.ceil(min(ax, bx, cx) - 0.5) < np.ceil(max(ax, bx, cx) - 0.5))


@compiled
def _rounded(value: float) -> float:
    """A place in the picture as a rasteriser has it."""
    return float(np.floor(value * SUBPIXELS + 0.5) / SUBPIXELS)


@compiled
def _clipped(
    screen: Floats, corners: tuple[int, int, int], lens: tuple[float, float, float, float], made: Floats
) -> int:
    """The part of a triangle in front of the near plane, in pixels (made); how many corners it has: 0, 3 or 4."""
    focal, middle_x, middle_y, near = lens
    count = 0
    for k in range(3):
        a, b = corners[k], corners[(k + 1) % 3]
        za, zb = screen[a, 4], screen[b, 4]
        if za >= near:
            made[count, 0], made[count, 1] = screen[a, 0], screen[a, 1]
            count += 1
        if (za >= near) != (zb >= near):
            t = (near - za) / (zb - za)
            x = screen[a, 2] + t * (screen[b, 2] - screen[a, 2])
            y = screen[a, 3] + t * (screen[b, 3] - screen[a, 3])
            made[count, 0] = _rounded(focal * x / near + middle_x)
            made[count, 1] = _rounded(focal * y / near + middle_y)
            count += 1
    return count


@compiled
def _stand(points: Floats, sway: Floats, place: Floats, lean: Floats, made: Floats) -> None:
    """World places (made) of the points of a mesh (V, 3): put there, and bent by the gusts that surface.vert has."""
    a, b, c, root_x = place[0, 0], place[0, 1], place[0, 2], place[0, 3]
    d, e, f, root_y = place[1, 0], place[1, 1], place[1, 2], place[1, 3]
    g, h, i, root_z = place[2, 0], place[2, 1], place[2, 2], place[2, 3]
    steady = 0.45 + 0.40 * np.sin(lean[2] - (0.11 * root_x + 0.07 * root_y))
    flutter = 3.0 * lean[2] + 1.7 * root_x + 2.3 * root_y
    east, north = lean[0], lean[1]
    for v in range(len(points)):
        x, y, z = points[v, 0], points[v, 1], points[v, 2]
        gust = sway[v]
        if gust > 0.0:
            gust *= steady + 0.15 * np.sin(flutter + z)
        made[v, 0] = a * x + b * y + c * z + root_x + east * gust
        made[v, 1] = d * x + e * y + f * z + root_y + north * gust
        made[v, 2] = g * x + h * y + i * z + root_z


@compiled
def triangles_in_world(
    first_piece: Ints,
    mesh: Ints,
    place: Floats,
    lean: Floats,
    kept: Floats,
    points: Floats,
    sway: Floats,
    gone: Floats,
    triangles: Ints,
    first_point: Ints,
    first_triangle: Ints,
) -> tuple[Floats, Ints, Ints]:
    """All triangles of things (T, 3, 3) in the world, the thing each is of, and its mesh; none of what is gone."""
    count = 0
    for piece in range(len(mesh)):
        count += first_triangle[mesh[piece] + 1] - first_triangle[mesh[piece]]
    made, of, kind = np.zeros((count, 3, 3)), np.zeros(count, np.int64), np.zeros(count, np.int64)
    count = 0
    for thing in range(len(first_piece) - 1):
        for piece in range(first_piece[thing], first_piece[thing + 1]):
            m = mesh[piece]
            v, end = first_point[m], first_point[m + 1]
            world = np.zeros((end - v, 3))
            _stand(points[v:end], sway[v:end], place[piece], lean[piece], world)
            for t in range(first_triangle[m], first_triangle[m + 1]):
                if gone[v + triangles[t, 0]] > kept[piece]:
                    continue
                for j in range(3):
                    made[count, j] = world[triangles[t, j]]
                of[count], kind[count] = thing, m
                count += 1
    return made[:count], of[:count], kind[:count]


@compiled
def _place(
    points: Floats,
    sway: Floats,
    gone: Floats,
    place: Floats,
    lean: Floats,
    kept: float,
    axes: Floats,
    turn: Floats,
    eye: Floats,
    lens: tuple[float, float, float, float],
    screen: Floats,
    low: Floats,
    high: Floats,
    reach: Floats,
) -> bool:
    """Put a mesh's corners (V, 3) into `screen` (V, 5): x, y in pixels, rounded, and x, y, z in the camera frame.

    `low` and `high` of the box in its own frame and `reach` in the picture grow to hold it. True where some of it is
    nearer than the near plane: that part is not in `reach`.
    """
    focal, middle_x, middle_y, near = lens
    _stand(points, sway, place, lean, screen[:, 2:])
    axis_x, axis_y = axes[0], axes[1]
    eye_x, eye_y, eye_z = eye[0], eye[1], eye[2]
    a, b, c, d, e, f = turn[0, 0], turn[0, 1], turn[0, 2], turn[1, 0], turn[1, 1], turn[1, 2]
    g, h, i = turn[2, 0], turn[2, 1], turn[2, 2]
    x0, y0, z0, x1, y1, z1 = low[0], low[1], low[2], high[0], high[1], high[2]
    left, top, right, bottom = reach[0], reach[1], reach[2], reach[3]
    crosses = False
    for v in range(len(points)):
        if gone[v] > kept:
            continue
        wx, wy, wz = screen[v, 2], screen[v, 3], screen[v, 4]
        along, across = axis_x * wx + axis_y * wy, axis_x * wy - axis_y * wx
        x0, y0, z0 = min(x0, along), min(y0, across), min(z0, wz)
        x1, y1, z1 = max(x1, along), max(y1, across), max(z1, wz)
        wx, wy, wz = wx - eye_x, wy - eye_y, wz - eye_z
        cx, cy, cz = a * wx + b * wy + c * wz, d * wx + e * wy + f * wz, g * wx + h * wy + i * wz
        screen[v, 2], screen[v, 3], screen[v, 4] = cx, cy, cz
        if cz < near:
            crosses = True
            continue
        u, w = _rounded(focal * cx / cz + middle_x), _rounded(focal * cy / cz + middle_y)
        screen[v, 0], screen[v, 1] = u, w
        left, top, right, bottom = min(left, u), min(top, w), max(right, u), max(bottom, w)
    low[0], low[1], low[2], high[0], high[1], high[2] = x0, y0, z0, x1, y1, z1
    reach[0], reach[1], reach[2], reach[3] = left, top, right, bottom
    return crosses


@compiled
def _cover(
    triangles: Ints,
    gone: Floats,
    kept: float,
    two_sided: bool,
    crosses: bool,
    screen: Floats,
    lens: tuple[float, float, float, float],
    reach: Floats,
    grid: tuple[float, float, float],
    mask: NDArray[np.int32],
    stamp: int,
    skipped: Ints,
    box: Ints,
    polygon: Floats,
) -> int:
    """Stamp the cells that a mesh covers; a pixel is `share` of a cell of the grid, whose first begins at left, top.

    Gives how many are new; `reach` grows by what the near plane cuts.
    """
    share, left, top = grid
    fresh = 0
    for t in range(len(triangles)):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        if gone[a] > kept:
            continue
        if not crosses or min(screen[a, 4], screen[b, 4], screen[c, 4]) >= lens[3]:
            ax, ay = screen[a, 0] * share - left, screen[a, 1] * share - top
            bx, by = screen[b, 0] * share - left, screen[b, 1] * share - top
            cx, cy = screen[c, 0] * share - left, screen[c, 1] * share - top
            if _shows(ax, ay, bx, by, cx, cy, two_sided):
                fresh += _fill(ax, ay, bx, by, cx, cy, mask, stamp, skipped, box)
            continue
        count = _clipped(screen, (a, b, c), lens, polygon)
        for j in range(count):
            x, y = polygon[j, 0], polygon[j, 1]
            reach[0], reach[1], reach[2], reach[3] = (
                min(reach[0], x), min(reach[1], y), max(reach[2], x), max(reach[3], y),
            )  # fmt: skip
            polygon[j, 0], polygon[j, 1] = x * share - left, y * share - top
        ax, ay = polygon[0, 0], polygon[0, 1]
        for j in range(1, count - 1):
            bx, by, cx, cy = polygon[j, 0], polygon[j, 1], polygon[j + 1, 0], polygon[j + 1, 1]
            if _shows(ax, ay, bx, by, cx, cy, two_sided):
                fresh += _fill(ax, ay, bx, by, cx, cy, mask, stamp, skipped, box)
    return fresh


@compiled
def _seen(
    instance: NDArray[np.uint32], ident: int, visible: Ints, mask: NDArray[np.int32], stamp: int, box: Ints
) -> int:
    """Add the pixels that show a thing to those it covers; gives how many are new."""
    fresh = 0
    for y in range(visible[1], visible[3] + 1):
        for x in range(visible[0], visible[2] + 1):
            if instance[y, x] == ident and mask[y, x] != stamp:
                fresh += 1
                _stretch(box, x, x, y)
    return fresh


@compiled
def measure(
    first_piece: Ints,
    mesh: Ints,
    place: Floats,
    lean: Floats,
    kept: Floats,
    axes: Floats,
    points: Floats,
    sway: Floats,
    gone: Floats,
    triangles: Ints,
    first_point: Ints,
    first_triangle: Ints,
    two_sided: NDArray[np.bool_],
    turn: Floats,
    eye: Floats,
    lens: tuple[float, float, float, float],
    instance: NDArray[np.uint32],
    ids: NDArray[np.uint32],
    screen: Floats,
    mask: NDArray[np.int32],
    plane: NDArray[np.int32],
    boxes: Ints,
    pixels: Ints,
    bounds: Floats,
) -> None:
    """Boxes as first and last column and row, counts and bounds of all things; see engine.coverage."""
    height, width = mask.shape
    polygon, reach = np.zeros((4, 2)), np.zeros(4)
    nowhere, image, cells = np.array([0, 0, -1, -1]), np.zeros(4, np.int64), np.zeros(4, np.int64)
    for k in range(len(ids)):
        bounds[0, k], bounds[1, k] = np.inf, -np.inf
        reach[:2], reach[2:] = np.inf, -np.inf
        boxes[1, k, :2] = FAR_PX
        boxes[1, k, 2:] = -FAR_PX
        crosses = False
        row = 0
        for piece in range(first_piece[k], first_piece[k + 1]):
            m = mesh[piece]
            v, end = first_point[m], first_point[m + 1]
            crosses |= _place(
                points[v:end], sway[v:end], gone[v:end], place[piece], lean[piece], kept[piece], axes[k], turn, eye,
                lens, screen[row:], bounds[0, k], bounds[1, k], reach,
            )  # fmt: skip
            row += end - v
        scale, left, top = 1.0, 0.0, 0.0
        for beyond in range(2):  # inside the image, then beyond its border
            if beyond:
                inside = reach[0] >= 0 and reach[1] >= 0 and reach[2] <= width and reach[3] <= height
                if inside or not (reach[0] < reach[2] and reach[1] < reach[3]):
                    boxes[2, k], pixels[k, 2] = boxes[1, k], pixels[k, 1]
                    break
                while max(reach[2] - reach[0], reach[3] - reach[1]) > (GRID - 2) * scale:
                    scale *= 2.0
                left, top = np.floor(reach[0] / scale), np.floor(reach[1] / scale)
                image[0], image[2] = np.ceil(-0.5 - left), np.ceil(width / scale - 0.5 - left) - 1
                image[1], image[3] = np.ceil(-0.5 - top), np.ceil(height / scale - 0.5 - top) - 1
                cells[:2], cells[2:] = FAR_PX, -1
            fresh, row = 0, 0
            for piece in range(first_piece[k], first_piece[k + 1]):
                m = mesh[piece]
                v, end = first_point[m], first_point[m + 1]
                fresh += _cover(
                    triangles[first_triangle[m] : first_triangle[m + 1]], gone[v:end], kept[piece], two_sided[m],
                    crosses, screen[row:], lens, reach, (1.0 / scale, left, top), plane if beyond else mask, k + 1,
                    image if beyond else nowhere, cells if beyond else boxes[1, k], polygon,
                )  # fmt: skip
                row += end - v
            if not beyond:
                pixels[k, 1] = fresh + _seen(instance, ids[k], boxes[0, k], mask, k + 1, boxes[1, k])
                continue
            pixels[k, 2] = pixels[k, 1] + int(fresh * scale * scale)
            boxes[2, k] = boxes[1, k]
            if cells[2] >= 0 and scale == 1.0:
                first, last = cells[0] + int(left), cells[2] + int(left)
                _stretch(boxes[2, k], first, last, cells[1] + int(top))
                _stretch(boxes[2, k], first, last, cells[3] + int(top))
            elif cells[2] >= 0:
                first, last = int(np.ceil(reach[0] - 0.5)), int(np.ceil(reach[2] - 0.5)) - 1
                _stretch(boxes[2, k], first, last, int(np.ceil(reach[1] - 0.5)))
                _stretch(boxes[2, k], first, last, int(np.ceil(reach[3] - 0.5)) - 1)
