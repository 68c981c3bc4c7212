"""Observation: translates the live world and society into the record's schema, one frozen tick at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

import world.view
from agents.society import Society
from agents.speech import Spoken
from engine.scenario import Scenario
from recorder.schema import (
    BUILDING,
    ENVIRONMENT,
    FIRST_FREE_ID,
    LOOKS,
    LUMINARY_NAMES,
    PLANT,
    SEASON_NAMES,
    Cast,
    Detail,
    Event,
    Scenery,
    Surface,
    Surroundings,
    Utterance,
)
from world.view import WorldView
from world.world import Valley

Happenings = Sequence[tuple[str, dict[str, Any]]]
Spokens = Sequence[Spoken]


def frozen(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The array, which nobody can change from now on."""
    array.flags.writeable = False
    return array


def _columns(source: np.ndarray[Any, Any], dtype: np.dtype[np.void], first_id: int) -> np.ndarray[Any, Any]:
    """The fields of `source` in the schema's dtype, with ids counted up from `first_id`."""
    rows = np.zeros(len(source), dtype)
    for name in dtype.names or ():
        rows[name] = np.arange(first_id, first_id + len(source)) if name == "id" else source[name]
    return frozen(rows)


def scenery(valley: Valley, scenario: Scenario) -> Scenery:
    """All that stands still, with instance ids: first plants, then buildings."""
    return Scenery(
        cell_m=valley.cell_m,
        origin=valley.origin,
        heights=valley.heights,
        water_depth=valley.water_depth,
        cover=valley.cover,
        moisture=valley.moisture,
        plants=_columns(valley.plants, PLANT, FIRST_FREE_ID),
        buildings=_columns(valley.buildings, BUILDING, FIRST_FREE_ID + len(valley.plants)),
        places=tuple(asdict(place) for place in valley.places),
        latitude=scenario.place.latitude,
        longitude=scenario.place.longitude,
        surroundings=Surroundings(valley.surroundings.heights, valley.surroundings.origin, valley.surroundings.cell_m),
        detail=_detail(valley),
    )


def _detail(valley: Valley) -> Detail | None:
    fine = valley.detail
    return None if fine is None else Detail(fine.roughness, fine.tile, fine.per_cell, fine.scale_m)


def cast(society: Society, around: Scenery) -> Cast:
    """Who lives here; instance ids follow those of the scenery."""
    first_id = FIRST_FREE_ID + len(around.plants) + len(around.buildings)
    return Cast(
        looks=_columns(society.looks(), LOOKS, first_id),
        personas=tuple(asdict(persona) for persona in society.personas),
    )


def environment(view: WorldView) -> np.ndarray[Any, Any]:
    """Weather and light of the current tick as one ENVIRONMENT record."""
    record = np.zeros((), ENVIRONMENT)
    for name in ENVIRONMENT.names or ():
        source = view if name in LUMINARY_NAMES else view.season if name in SEASON_NAMES else view.weather
        record[name] = getattr(source, name)
    return frozen(record)


def surface(lying: world.view.Surface) -> Surface:
    """What lies on the ground, as the record names it."""
    return Surface(lying.tick, lying.water_m, lying.snow_m, lying.wetness, lying.ice_m)


def events(tick: int, happenings: Happenings) -> tuple[Event, ...]:
    """Named happenings of one tick as events."""
    return tuple(Event(tick, kind, data) for kind, data in happenings)


def utterance(number: int, said: Spoken) -> Utterance:
    """One spoken line with the truth behind it."""
    words = said.wording
    return Utterance(
        id=number,
        speaker=said.speaker,
        listeners=said.listeners,
        overhearers=said.overhearers,
        conversation=said.conversation,
        act=str(said.act),
        topic=str(said.topic),
        fact=said.fact,
        text=words.text,
        draft=words.draft,
        source=words.source,
        start_tick=said.start_tick,
        end_tick=said.end_tick,
        request_tick=said.request_tick,
        arrival_tick=words.arrival_tick,
        positions=said.positions,
        sees=said.sees,
        weather=said.weather,
        prompt=words.prompt,
        raw=words.raw,
        rejections=words.rejections,
        seed=words.seed,
        model_sha256=words.model_sha256,
    )
