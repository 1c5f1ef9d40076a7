"""The digit reader's training: rendered strings and screens, two small networks, one bundle."""
