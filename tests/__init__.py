"""Tests of the whole program, and the servers they run against."""
