"""Who made an artifact's bytes: signatures, bundles, certificates and what they bind. Pure."""
