"""Where a contract skill starts: imports the project's `app`, whose tools declare themselves, and exports them."""

import app  # noqa: F401
from skep.export import Tools as Tools
