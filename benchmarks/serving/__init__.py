"""Servers of our own, each run as a process, for what nginx cannot do: pages, slow lines, tokens."""
