"""What can be seen from afar: whether bad turned good."""
