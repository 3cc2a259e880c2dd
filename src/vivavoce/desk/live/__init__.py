"""Server-sent signals: "this changed"; the browser fetches it again through the normal view."""
