"""What is said next, and what it does: acts and their pairs, what minds wish to say, who has the floor."""
