"""Evidence that has to be refused, as one table; the modules beside this one fill it.

`python -m tests.forge.negatives` prints it.
"""

from tests.forge.negatives import answers, certificates, logs, signatures, statements
from tests.forge.negatives.table import TABLE, Negative, World

__all__ = ["TABLE", "Negative", "World", "answers", "certificates", "logs", "signatures",
           "statements"]  # fmt: skip
