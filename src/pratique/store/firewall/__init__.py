"""What the firewall keeps: one SQL schema, on SQLite by default, on PostgreSQL by its address."""

from pratique.store.firewall.opening import (
    Where,
    database_address,
    exported_head,
    is_there,
    open_firewall,
)
from pratique.store.firewall.port import Firewall

__all__ = ["Firewall", "Where", "database_address", "exported_head", "is_there", "open_firewall"]
