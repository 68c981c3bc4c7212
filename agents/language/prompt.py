"""What the model reads before it goes on with a line: a fixed prefix in the village's own voice, then one scene.

The prefix is the same for every line, so that a model need read it only once.
"""

from __future__ import annotations

from agents.acts import SpeechPlan
from agents.language.slots import place_preposition
from agents.language.templates import Draft

TURNS_SHOWN = 3  # more turns make a small model repeat them
MEMORY_WORDS = 24

# The names are none of assets/names/given.toml, so that one that slips out of the exemplars is seen at once.
EXEMPLAR_NAMES = ("Nan", "Piet", "Wat", "Sal", "Hob", "Tess")
SHARED_PREFIX = """Talks in the village. People speak plainly of their own day, the weather and their neighbours.

Nan the weaver is warm and chatty. Piet the carpenter is calm. It is noon, drizzle, at the well. Piet feels tired.
Nan: Good day, Piet. It is a day for a bowl of soup.
Piet: I am behind with the chapel roof, so I will work until the light goes.
Nan: The wool is damp too, so I will dry it by the stove.
Piet: I must go, Nan, for I want to be done before dark.

Wat the fisher is dry. Sal the innkeeper is cheerful. It is evening, cold fog, at the inn. Wat feels low.
Sal: Have you heard anything new, Wat? I am in the mood for a good story.
Wat: Nothing new, and all I hear is the water.
Sal: I see, and I am glad of the quiet.
Wat: Good night, Sal. May you sleep like a stone.

Hob the shepherd is proud. Tess the herbalist is serious. It is morning, light snow, in the lane. Tess feels calm.
Hob: How are you, Tess? You look as if you could use a hot drink.
Tess: I am well, for there is nothing better than a warm coat.
Hob: The snow is deep, and I can feel it in my knees.
Tess: So it is, Hob, and may your lambs stay dry.

"""


def scene_prompt(plan: SpeechPlan, draft: Draft) -> str:
    """The part of the prompt that follows the shared prefix; it ends with the clause the model goes on with.

    It shows what the speaker can know: both people's trade and manner, the speaker's own mood and one own memory.
    """
    speaker, listener = plan.speaker, plan.listener
    scene = [
        f"{speaker.name} the {speaker.trade} is {_joined(speaker.manner)}.",
        f"{listener.name} the {listener.trade} is {_joined(listener.manner)}.",
        f"It is {plan.day_part}, {plan.weather}, {place_preposition(plan.here)} {plan.here}.",
        f"{speaker.name} feels {plan.mood}.",
    ]
    if plan.memory:
        scene.append(f"{speaker.name} {' '.join(plan.memory.split()[:MEMORY_WORDS]).rstrip('.')}.")
    turns = [f"{name}: {' '.join(line.split())}" for name, line in plan.history[-TURNS_SHOWN:]]
    return "\n".join([" ".join(scene), *turns, f"{speaker.name}: {draft.clause}"])


def _joined(manner: str) -> str:
    return manner.replace(", ", " and ")
