"""Training of the network that sees dance pads, panels and feet."""
