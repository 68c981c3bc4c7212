"""Frames as loose files for tools that know folders: pictures as PNG, numbers as .npy, the rest as JSON lines."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import asdict
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assets.palette import Part
from recorder.annotate import instance_table
from recorder.channels import as_json
from recorder.frames import FrameRef
from recorder.images import packed_ids
from recorder.moments import local_time, name_of
from recorder.png import encode_png
from recorder.reader import Session
from recorder.schema import value_name

README = """\
CAMERA/rgb/TICK.png            sRGB
CAMERA/albedo/TICK.png         sRGB, the paint below the light
CAMERA/part/TICK.png           part of every pixel, numbers as in parts.json
CAMERA/semantic/TICK.png       class of every pixel, numbers as in classes.json
CAMERA/instance/TICK.png       id of every pixel = R + 256 G + 65536 B, 0 is nothing; ids as in instances.jsonl
CAMERA/depth/TICK.npy          metres along the optical axis, inf where there is no surface
CAMERA/normal/TICK.npy         unit vectors in the world (x east, y north, z up), 0 where there is no surface
CAMERA/flow/TICK.npy           pixels right and down to the camera's next frame; trust it where flow_valid holds
CAMERA/back_flow/TICK.npy      the same to its frame before; trust it where back_flow_valid holds
CAMERA/beam_range/TICK.npy     of a lidar: metres along each beam, 0 where nothing returns; so beam_intensity
cameras.jsonl                  one line per frame: K (pixels, centres at +0.5), position and rotation (world from
                               camera: its columns are right, down, forward in the world), lens and distortion in
                               OpenCV's order; of a lidar, K has pixels per radian
annotations.jsonl              one line per frame that has them: boxes, boxes_3d and keypoints of what is in view
utterances.jsonl               one line per spoken line, with what stands behind it
"""

PICTURES = ("rgb", "albedo", "semantic", "part", "instance")  # what PNG holds without loss


def write_frames(session: Session, folder: str | PathLike[str], frames: Iterable[FrameRef] | None = None) -> Path:
    """Write frames as files `camera/modality/00000123.png` or `.npy`, and the tables beside them.

    Args:
        session: where they are.
        folder: made if it is not there.
        frames: which ones; all of them by default, which takes some 8 MB for each at 640x480.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "README.txt").write_text(README, encoding="utf-8")
    _write_tables(session, folder)
    with ExitStack() as open_files:
        cameras, annotations = (
            open_files.enter_context((folder / f"{name}.jsonl").open("w", encoding="utf-8"))
            for name in ("cameras", "annotations")
        )
        for ref in session.frames() if frames is None else frames:
            files = {}
            for modality in ref.modalities:
                place = folder / file_name(ref.camera) / file_name(modality)
                place.mkdir(parents=True, exist_ok=True)
                image = session.frame(ref.tick, ref.camera, modality)
                written = _write_image(modality, image, place / f"{ref.tick:08}")
                files[modality] = written.relative_to(folder).as_posix()
            cameras.write(_json_line({**camera_record(session, ref), "files": files}))
            tables = as_json("annotations", ref.annotations())
            if tables:
                annotations.write(_json_line({"tick": ref.tick, "camera": ref.camera, **tables}))
    return folder


def file_name(name: str) -> str:
    """A name made safe as part of a path: letters, digits, dash and underscore."""
    return re.sub(r"[^\w-]", "_", name) or "_"


def camera_record(session: Session, ref: FrameRef) -> dict[str, Any]:
    """One frame's camera as plain values."""
    when = local_time(session.header, ref.tick)
    return {
        "tick": ref.tick,
        "time_s": ref.tick / session.tick_rate,
        "local_time": when.isoformat() if when else None,
        "camera": ref.camera,
        "width": ref.width,
        "height": ref.height,
        "K": ref.pose.intrinsics(ref.width, ref.height).tolist(),
        "position": list(ref.pose.position),
        "rotation_world_from_camera": ref.pose.rotation().tolist(),
        "lens": ref.pose.lens,
        "distortion": list(ref.pose.distortion),
    }


def _write_image(modality: str, image: NDArray[Any], stem: Path) -> Path:
    path = stem.with_suffix(".png" if modality in PICTURES else ".npy")
    if modality == "instance":
        path.write_bytes(encode_png(packed_ids(image)))
    elif path.suffix == ".png":
        path.write_bytes(encode_png(image))
    else:
        np.save(path, image, allow_pickle=False)
    return path


def _write_tables(session: Session, folder: Path) -> None:
    table = instance_table(session.scenery, session.cast)
    classes = {str(int(label.semantic)): label.semantic.name.lower() for label in table.values()}
    (folder / "classes.json").write_text(json.dumps(dict(sorted(classes.items(), key=lambda c: int(c[0])))) + "\n")
    (folder / "parts.json").write_text(json.dumps({str(int(part)): value_name(part) for part in Part}) + "\n")
    with (folder / "instances.jsonl").open("w", encoding="utf-8") as file:
        for label in table.values():
            file.write(_json_line({"id": label.id, "class": label.semantic.name.lower(), "name": label.name}))
    with (folder / "utterances.jsonl").open("w", encoding="utf-8") as file:
        for line in session.lines():
            file.write(_json_line({**asdict(line), "speaker_name": name_of(session.cast, line.speaker)}))


def _json_line(value: dict[str, Any]) -> str:
    return json.dumps(value) + "\n"
