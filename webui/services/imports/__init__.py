"""Chats from files: the contract's exports, those of other products, and our own archives.

A file may be larger than memory. ``source`` opens it, ``splitter`` cuts it into chats one at a time, ``formats`` makes
each the contract's and ``store`` writes them. ``extras`` and ``restore`` do the same for what our archives hold beside
chats. ``job`` does all that in the background, and ``records`` is what people see of it.
"""
