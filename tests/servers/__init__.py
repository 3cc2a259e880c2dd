"""Real servers for the tests: each starts in bounded time on loopback and is ended by its pid."""
