"""One installation for all tests that leave it as they found it: each start costs tens of seconds."""

import pytest
from installation import Installation


@pytest.fixture(scope="session")
def walked(tmp_path_factory):
    """A running installation on which one citizen has moved; what the first start printed is ``first_output``."""
    made = Installation(tmp_path_factory.mktemp("walked") / "state")
    print(f"first start {made.start():.1f} s")
    made.first_output = made.output
    try:
        print(made.run("demo", "walk").stdout)
        yield made
    finally:
        made.stop()
