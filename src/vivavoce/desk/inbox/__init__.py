"""What people wrote, how it was read, and who is answered next."""
