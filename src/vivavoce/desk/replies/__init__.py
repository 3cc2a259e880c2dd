"""What teammates answer: presence, outbox, and the chain that records who spoke."""
