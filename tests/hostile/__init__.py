"""What enemies and accidents send: never a 500, never markup that runs, never another teammate's draft."""
