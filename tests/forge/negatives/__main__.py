"""Writes the table: each negative, its rule, and what npm's own client library says of it.

`python -m tests.forge.negatives`
"""

from tests.clients import clients_in
from tests.clients.installed import installed
from tests.forge.recorded import TABLE_FILE, as_text

TABLE_FILE.write_text(as_text(clients_in(installed()).npm12), encoding="utf-8")
