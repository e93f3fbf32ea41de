"""What tele2ats_async costs, beside what people would use instead: ``python -m benchmarks.bulk``, and others."""

import os

# Whatever interpreter is started finds compiled modules, as it does where a package is installed: the rounds that do not
# count write them. Some containers forbid it, and each start would compile all that it loads.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
