"""Where pictures come from: recordings, every frame in media time, and live sources, always the newest frame."""
