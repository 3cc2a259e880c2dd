"""Teammates, how they sign in, the team's rule, and the accounts it answers for."""
