"""Makes the real servers of tests/servers known to every test, also to those beside the code."""

pytest_plugins = ["tests.servers.fixtures"]
