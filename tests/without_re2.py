"""A plugin of pytest: the tests run as on a machine where google-re2 is not installed."""

import sys

sys.modules["re2"] = None  # type: ignore[assignment]
