"""The ledger: every act of the machine, with its reason and its undo."""
