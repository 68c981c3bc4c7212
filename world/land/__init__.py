"""The ground: uplift, erosion, rivers and lakes."""
