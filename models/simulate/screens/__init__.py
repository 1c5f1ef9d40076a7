"""The cabinet's screens: each paints one scene over a background."""
