"""Feet and panels: pictures of dance pads in, who steps where and when out. No clock, no network, no runtime."""
