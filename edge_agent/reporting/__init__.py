"""How the device tells what it sees: into a durable outbox first, and from there to the control plane."""
