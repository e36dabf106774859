"""What every model is: checks, encoding, horizons, conditioning on time passed; tables of coefficients; saving."""
