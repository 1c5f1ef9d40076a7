"""A model beside another of its kind: on the same pictures, through the same match, to be compared; it never counts."""
