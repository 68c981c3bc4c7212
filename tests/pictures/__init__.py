"""The pictures of the README that no shipped command makes."""
