"""The nouns: values only, frozen, standard library only."""
