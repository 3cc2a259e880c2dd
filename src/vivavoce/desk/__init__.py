"""The desk: one Django app a task of the team. ``services`` write, ``queries`` read, ``views`` stay thin."""
