"""Evidence that has to be refused, as one table; the modules beside this one fill it.

`python -m tests.forge.negatives` writes it, with what npm says beside it.
"""

from tests.forge.negatives import answers, certificates, logs, publications, signatures, statements
from tests.forge.negatives.table import TABLE, Negative, World

__all__ = ["TABLE", "Negative", "World", "answers", "certificates", "logs", "publications",
           "signatures", "statements"]  # fmt: skip
