"""Where a village stands and what it builds."""
