"""Rendered dance pads with dancers on them, and the exact truth of every panel and foot."""
