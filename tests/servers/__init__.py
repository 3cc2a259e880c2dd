"""Real servers for the tests: each starts in bounded time on loopback and ends with the tests, even killed ones.

`fixtures.py` is the list: `pds`, `jetstream`, `fault_proxy`, `bluesky_network` (with AppView), `postgres`,
`chromium_browser`, `shared_data`; `own_pds` and `own_postgres` may be stopped, killed and restarted.
Node's packages are installed once, by the first test that needs them or by `python -m tests.servers.node`.
"""
