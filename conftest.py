"""Makes the real servers of tests/servers known to every test, also to those beside the code."""

from hypothesis import settings

settings.register_profile("patient", deadline=None)  # a busy machine is not a failure: no test is timed
settings.load_profile("patient")

pytest_plugins = ["tests.servers.fixtures"]
