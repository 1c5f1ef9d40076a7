"""Training of the predictor: matches in, a bundle out."""
