"""A simulated publisher: writes its messy exports and runs nothing."""
