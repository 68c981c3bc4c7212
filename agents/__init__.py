"""The villagers: who they are, what they need, know and remember, where they go and what they say."""
