"""Coverage-guided fuzzing of every parser of hostile bytes: `make fuzz`."""
