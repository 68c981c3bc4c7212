"""What a session says of itself: a header made for a new session, or taken over by one that is made of others."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import numpy as np

from recorder.channels import channels
from recorder.columns import layout_to_plain
from recorder.payload import pack, plain
from recorder.schema import SCHEMA_VERSION, dtype_of
from recorder.today import TABLES

LINEAGE = ("id", "run", "created", "origin", "segment")  # where a recording comes from, not what it holds
DESCRIPTION = ("schema_version", "channels", "columns")  # how to read the records, by who wrote the file
SAID_ANEW = ("id", "segment", "origin")  # by every session of itself
TODAY = {name: dtype_of(columns) for name, columns in TABLES.items()}
DRAWN = ("cameras", "capture_rate", "size", "modalities", "quality")  # what frames show


def session_header(header: Mapping[str, Any]) -> dict[str, Any]:
    """A header with what every session says of itself: schema version, channels, columns of the chunks, and an id.

    What a copied header says of channels and columns stands, so that sessions of older schemas can be copied.

    Raises:
        SessionError: it holds something that cannot be stored.
    """
    own: dict[str, Any] = {"schema_version": SCHEMA_VERSION, "columns": _columns(TODAY)}
    if "channels" not in header:
        own["channels"] = channels()
    whole = {**own, **plain(header), "segment": 0}
    named = {"id": digest(whole), **whole}
    return {**named, "run": named.get("run", named["id"])}


def copied_header(
    header: Mapping[str, Any], layouts: Mapping[str, np.dtype[np.void]], without: Collection[str] = ()
) -> dict[str, Any]:
    """What a session takes over from the header of one that it is made of; columns are those recorded, whatever the
    schema has today.

    Args:
        header: to be copied.
        layouts: columns of that session's tables, which are meant where the header has none, as in the first format.
        without: keys to be left out, beside those that every session says of itself.
    """
    return {
        key: value
        for key, value in {"columns": _columns(layouts), **header}.items()
        if key not in SAID_ANEW and key not in without
    }


def origin(kind: str, of: str | list[str], parents: Iterable[Mapping[str, Any]], **more: Any) -> dict[str, Any]:
    """What a header says of where its session comes from, and where those come from that it was made of.

    Args:
        kind: what was done: cut, merge, render, fork, recover.
        of: id of the session it was done to; several for a merge.
        parents: the headers of these.
        more: what else there is to say.
    """
    earlier = [header["origin"] for header in parents if header.get("origin")]
    return {"kind": kind, "of": of, **more, **({"earlier": earlier} if earlier else {})}


def id_of(header: Mapping[str, Any]) -> str:
    """The id of a session; those of the first format have it made from their headers."""
    return str(header.get("id") or session_header(header)["id"])


def run_of(header: Mapping[str, Any]) -> str:
    """What all pieces of a run share; sessions of the first format have it made from their headers."""
    return str(header.get("run") or session_header(header)["run"])


def digest(value: Any, person: str = "") -> str:
    """The name of a plain value: 128 bits of BLAKE2b over its msgpack bytes, in hexadecimal.

    Args:
        value: to be named.
        person: at most 16 bytes; the same value has another name for each.

    Raises:
        SessionError: it holds something that cannot be stored.
    """
    return hashlib.blake2b(pack(value), digest_size=16, person=person.encode()).hexdigest()


def _columns(layouts: Mapping[str, np.dtype[np.void]]) -> dict[str, Any]:
    return {name: layout_to_plain(layout) for name, layout in layouts.items()}
