"""How the device becomes one of a fleet, and stays one: its key, its certificate, and the way to the control plane."""
