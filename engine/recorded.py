"""What a recording says of the run it is of: its scenario, and the changes that were made to it."""

from __future__ import annotations

from engine.interventions import Intervention, intervention
from engine.scenario import Scenario, build
from recorder.container import SessionError
from recorder.reader import Session


def recorded_scenario(session: Session) -> Scenario:
    """The scenario that a session was made from.

    Raises:
        SessionError: it does not hold one.
        ScenarioError: this version cannot run it.
    """
    recorded = session.header.get("scenario")
    if not isinstance(recorded, dict):
        raise SessionError(f"{session.path} does not hold the scenario it was made from; it cannot be run again.")
    return build(recorded, f"{session.path}, recorded scenario")


def recorded_interventions(session: Session) -> tuple[Intervention, ...]:
    """The changes that were made to a run, in the order in which they were made."""
    return tuple(intervention(given) for given in session.header.get("interventions") or ())
