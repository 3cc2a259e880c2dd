"""A person's keys, imitated for the tests alone; nothing that is shipped can do this."""
