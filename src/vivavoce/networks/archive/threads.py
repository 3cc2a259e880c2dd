"""The root of each post by the links of replies, where the archive gives only these.

Held in memory: a page cache; the links stand in a temporary file, about 100 bytes each.
"""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vivavoce.posts import Post

LINKS_MAX = 10_000
"""Replies from a post to its root; longer chains are cut there. The longest seen in public are a few thousand."""
BATCH = 5_000
CACHE_KIB = 8 * 1024


class Threads:
    """The links of replies of one archive, on disk."""

    def __init__(self) -> None:
        # An empty name makes a temporary database on disk, which goes when it is closed.
        self.links = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self.links.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        self.links.execute("CREATE TABLE link (id TEXT PRIMARY KEY, parent TEXT, root TEXT) WITHOUT ROWID")
        self.held: list[tuple[str, str | None, str | None]] = []

    def learn(self, post: Post) -> None:
        """Remember what a post answers to."""
        if post.reply_to or post.root:
            self.held.append((_name(post.network, post.id), post.reply_to, post.root))
            if len(self.held) >= BATCH:
                self.settle()

    def settle(self) -> None:
        """Write what was learnt; do so before ``rooted``."""
        self.links.execute("BEGIN")
        self.links.executemany("INSERT OR IGNORE INTO link VALUES (?, ?, ?)", self.held)
        self.links.execute("COMMIT")
        self.held.clear()

    def rooted(self, post: Post) -> Post:
        """Return the post with the root of its thread: what the archive says, else the post that its links lead to.

        A root that is not in the archive is named all the same. Links in a circle end where they meet again.
        """
        if post.root or not post.reply_to:
            return post
        at, passed = post.reply_to, {post.id}
        for _ in range(LINKS_MAX):
            found = self.links.execute(
                "SELECT parent, root FROM link WHERE id = ?", (_name(post.network, at),)
            ).fetchone()
            if found is None or at in passed:
                break
            passed.add(at)
            if found[1]:
                at = found[1]
                break
            at = found[0]
        return replace(post, root=at)

    def close(self) -> None:
        """Let go of the file."""
        self.links.close()


def _name(network: str, post_id: str) -> str:
    return f"{network}\x1f{post_id}"
