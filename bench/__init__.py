"""What a check costs, as one table of ratios: `make bench`."""
