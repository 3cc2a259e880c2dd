"""The desk's pages in a real Chromium."""
