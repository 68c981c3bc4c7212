"""Ground one can walk, the ways over it, and what one sees from it."""
