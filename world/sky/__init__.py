"""Sun, climate and weather."""
