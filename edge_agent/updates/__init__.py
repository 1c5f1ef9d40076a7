"""How a new model comes in: fetched, checked, put in between two songs, and taken out again if it is bad."""
