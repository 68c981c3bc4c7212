"""What the world is made of: palettes and class ids, meshes, shaders, names, phrases, scenario files."""
