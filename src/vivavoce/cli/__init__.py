"""The command line: one module a command, each a plain function with Typer's annotations."""
