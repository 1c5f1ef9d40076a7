"""The device's own page: what it sees and who will win, with or without a network."""
