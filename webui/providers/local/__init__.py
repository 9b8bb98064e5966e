"""A small model in a child process, so that the first chat works with nothing else installed.

``provider`` is what the application uses; ``queue`` decides who is next; ``process`` starts the child and notices that
it ended; ``child`` is the child; ``state`` is how web processes find the one child they share.
"""
