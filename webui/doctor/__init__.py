"""``webui doctor``: looks at everything that a server stands on, says what is wrong, why, and what mends it.

``checks`` is the list of all checks; each is a plain function of a ``Context``, and stands in the file of its group.
It works when everything is broken, since no check relies on another one. It only reads, and prints no secret.
"""
