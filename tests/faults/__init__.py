"""Processes killed with SIGKILL at random points, again and again; the seed is fixed, the machine's timing is not."""
