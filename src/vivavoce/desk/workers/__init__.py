"""Loops on the database: the listener takes in, the courier sends, the clock wakes what is due."""
