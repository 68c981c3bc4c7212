"""Where the rooms meet: clock, tick, scenario, renderer, window and command line."""
