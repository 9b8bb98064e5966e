"""Files for people: one chat as text or PDF, and everything that somebody owns as one archive."""
