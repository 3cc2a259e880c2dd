"""Where posts come from and replies go. One folder a network; see ``base`` for what each one promises."""
