"""The valley and its physics: terrain, water, weather, sun, plants, settlement, ways through it."""
