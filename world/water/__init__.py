"""Water on and in the ground, snow and the warmth of the surface."""
