"""What a fleet is and how it changes. Pure: no network, database, clock or framework."""
