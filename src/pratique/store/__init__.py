"""The store: what was observed, kept between runs."""

from pratique.store.closing import Closing
from pratique.store.opening import Forgetful, location, open_store
from pratique.store.port import Entry, Shelf, Store

__all__ = ["Closing", "Entry", "Forgetful", "Shelf", "Store", "location", "open_store"]
