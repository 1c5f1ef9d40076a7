"""A crowd of simulated devices in one process, which speak the real protocol to a real broker."""
