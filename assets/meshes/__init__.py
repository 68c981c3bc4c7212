"""Procedural meshes, built with numpy alone."""
