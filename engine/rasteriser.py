"""Triangles as OpenGL rasterises them, thing by thing and without what hides them; loops that are compiled.

A pixel is covered where its centre lies inside a triangle that faces the camera. Corners are rounded to 1/256 pixel
first, as rasterisers do, so that what is counted here is what is drawn, but for pixels whose centre lies on an edge.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

from world.compiled import keep_code

Function = TypeVar("Function", bound=Callable[..., Any])
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SUBPIXELS = 256.0  # steps of a rasteriser between two pixels: 8 bits in Mesa, NVIDIA and AMD drivers alike
GRID = 512  # cells across, at most, of the grid on which the parts beyond the border are counted
FAR_PX = 1 << 40  # beyond any picture: there boxes of nothing begin, and end as far the other way


def compiled(function: Function) -> Function:
    """As world.compiled has it, but other threads run meanwhile: one draws the next frame."""
    made = njit(nogil=True, error_model="numpy")(function)  # no corners that divide by zero get there
    keep_code(made)
    return cast(Function, made)


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
    width = instance.shape[1]
    for y in range(instance.shape[0]):
        first = 0
        for x in range(1, width + 1):  # whole runs of one id: a picture has a tenth as many as pixels
            ident = instance[y, first]
            if x < width and instance[y, x] == ident:
                continue
            if ident > 0 and ident < len(row_of) and row_of[ident] >= 0:
                k = row_of[ident]
                pixels[k, 0] += x - first
                _stretch(boxes[k], first, x - 1, y)
            first = x


@compiled
def _stretch(box: Ints, first: int, last: int, y: int) -> None:
    """Make a box of first and last column and row hold a piece of a row."""
    box[0], box[1] = min(box[0], first), min(box[1], y)
    box[2], box[3] = max(box[2], last), max(box[3], y)


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
    if by < ay:  # from the top down, so that two triangles agree about the edge they share
        ax, ay, bx, by = bx, by, ax, ay
    if cy < ay:
        ax, ay, cx, cy = cx, cy, ax, ay
    if cy < by:
        bx, by, cx, cy = cx, cy, bx, by
    rows, columns = mask.shape
    first, last = int(np.ceil(max(ay, 0.0) - 0.5)), int(np.ceil(min(cy, rows + 0.0) - 0.5))
    leftmost, rightmost, top, bottom, fresh = columns, -1, rows, -1, 0
    for row in range(first, last):
        y = row + 0.5
        one = ax + (y - ay) * (cx - ax) / (cy - ay)
        other = ax + (y - ay) * (bx - ax) / (by - ay) if y < by else bx + (y - by) * (cx - bx) / (cy - by)
        left, right = min(one, other), max(one, other)
        begin, end = int(np.ceil(max(left, 0.0) - 0.5)), int(np.ceil(min(right, columns + 0.0) - 0.5))
        if begin >= end:
            continue
        leftmost, rightmost = min(leftmost, begin), max(rightmost, end - 1)
        top, bottom = min(top, row), row
        outside = row < skipped[1] or row > skipped[3]
        for column in range(begin, end):
            if mask[row, column] != stamp:
                mask[row, column] = stamp
                if outside or column < skipped[0] or column > skipped[2]:
                    fresh += 1
    if bottom >= 0:
        _stretch(box, leftmost, rightmost, top)
        _stretch(box, leftmost, rightmost, bottom)
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
def skinned(
    points: NDArray[np.float32], bones: NDArray[np.uint8], weight: NDArray[np.float32], frames: Floats
) -> Floats:
    """Vertices (V, 3) where frames (B, 3, 4) take them: each follows two bones (V, 2), by weight (V,) of the second."""
    made = np.empty((len(points), 3))
    for v in range(len(points)):
        first, second, w = bones[v, 0], bones[v, 1], weight[v]
        x, y, z = points[v, 0], points[v, 1], points[v, 2]
        for k in range(3):
            a = frames[first, k, 0] + (frames[second, k, 0] - frames[first, k, 0]) * w
            b = frames[first, k, 1] + (frames[second, k, 1] - frames[first, k, 1]) * w
            c = frames[first, k, 2] + (frames[second, k, 2] - frames[first, k, 2]) * w
            d = frames[first, k, 3] + (frames[second, k, 3] - frames[first, k, 3]) * w
            made[v, k] = a * x + b * y + c * z + d
    return made


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
        here = 0
        for x in range(visible[0], visible[2] + 1):
            here += (instance[y, x] == ident) & (mask[y, x] != stamp)
        if here == 0:
            continue
        fresh += here
        for x in range(visible[0], visible[2] + 1):
            if instance[y, x] == ident and mask[y, x] != stamp:
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


@compiled
def _may_show(low: Floats, high: Floats, axes: Floats, turn: Floats, eye: Floats, side_x: float, side_y: float) -> bool:
    """Whether the ball round a box in its own frame may be seen by a camera with so wide sides, in focal lengths."""
    along, across, up = (low[0] + high[0]) / 2, (low[1] + high[1]) / 2, (low[2] + high[2]) / 2
    radius = np.sqrt(((high - low) ** 2).sum()) / 2
    x, y, z = axes[0] * along - axes[1] * across - eye[0], axes[1] * along + axes[0] * across - eye[1], up - eye[2]
    right = turn[0, 0] * x + turn[0, 1] * y + turn[0, 2] * z
    down = turn[1, 0] * x + turn[1, 1] * y + turn[1, 2] * z
    ahead = turn[2, 0] * x + turn[2, 1] * y + turn[2, 2] * z
    return bool(
        ahead > -radius
        and ahead * side_x - abs(right) > -radius * np.sqrt(1.0 + side_x * side_x)
        and ahead * side_y - abs(down) > -radius * np.sqrt(1.0 + side_y * side_y)
    )


@compiled
def measure_taken(
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
    turns: Floats,
    eye: Floats,
    lens: tuple[float, float, float, float],
    taken: Ints,
    instance: NDArray[np.uint32],
    ids: NDArray[np.uint32],
    screen: Floats,
    masks: NDArray[np.int32],
    visible: Ints,
    boxes: Ints,
    pixels: Ints,
    bounds: Floats,
) -> None:
    """As measure(), inside a picture whose pixels are taken from straight views (V, H, W); see engine.coverage.

    `taken` (H, W) is the pixel of the views that each pixel of the picture shows, counted through all views; -1 none.
    """
    views, height, width = masks.shape
    shows, span = np.zeros(masks.size, np.int32), np.zeros((masks.size, 4), np.int32)
    for y in range(height):
        for x in range(width):
            place_in_views = taken[y, x]
            if place_in_views < 0:
                continue
            if shows[place_in_views] == 0:
                span[place_in_views, 0], span[place_in_views, 1] = x, y
                span[place_in_views, 2] = x
            shows[place_in_views] += 1
            span[place_in_views, 0] = min(span[place_in_views, 0], x)
            span[place_in_views, 2] = max(span[place_in_views, 2], x)
            span[place_in_views, 3] = y  # rows come in order
    stamps = masks.reshape(-1)
    polygon, reach, block = np.zeros((4, 2)), np.zeros(4), np.zeros(4, np.int64)
    nowhere = np.array([0, 0, -1, -1])
    side_x, side_y = width / 2 / lens[0], height / 2 / lens[0]
    for k in range(len(ids)):
        bounds[0, k], bounds[1, k] = np.inf, -np.inf
        boxes[k, :2], boxes[k, 2:] = FAR_PX, -FAR_PX
        count = 0
        for view in range(views):
            if view and not _may_show(bounds[0, k], bounds[1, k], axes[k], turns[view], eye, side_x, side_y):
                continue
            reach[:2], reach[2:] = np.inf, -np.inf
            crosses = False
            row = 0
            for piece in range(first_piece[k], first_piece[k + 1]):
                m = mesh[piece]
                v, end = first_point[m], first_point[m + 1]
                crosses |= _place(
                    points[v:end], sway[v:end], gone[v:end], place[piece], lean[piece], kept[piece], axes[k],
                    turns[view], eye, lens, screen[row:], bounds[0, k], bounds[1, k], reach,
                )  # fmt: skip
                row += end - v
            if not crosses and (reach[0] > width or reach[1] > height or reach[2] < 0 or reach[3] < 0):
                continue
            block[:2], block[2:] = FAR_PX, -1
            row = 0
            for piece in range(first_piece[k], first_piece[k + 1]):
                m = mesh[piece]
                v, end = first_point[m], first_point[m + 1]
                _cover(
                    triangles[first_triangle[m] : first_triangle[m + 1]], gone[v:end], kept[piece], two_sided[m],
                    crosses, screen[row:], lens, reach, (1.0, 0.0, 0.0), masks[view], k + 1, nowhere, block, polygon,
                )  # fmt: skip
                row += end - v
            for y in range(block[1], block[3] + 1):
                for x in range(block[0], block[2] + 1):
                    here = (view * height + y) * width + x
                    if stamps[here] == k + 1 and shows[here]:
                        count += shows[here]
                        _stretch(boxes[k], span[here, 0], span[here, 2], span[here, 1])
                        _stretch(boxes[k], span[here, 0], span[here, 2], span[here, 3])
        for y in range(visible[k, 1], visible[k, 3] + 1):
            for x in range(visible[k, 0], visible[k, 2] + 1):
                if instance[y, x] == ids[k] and stamps[taken[y, x]] != k + 1:
                    count += 1
                    _stretch(boxes[k], x, x, y)
        pixels[k, 1] = count
