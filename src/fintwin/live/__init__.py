"""Live streams: who has one open in this process, and who is to be told something.

hub.open(user_id, is_over=...)    # a `Stream` that wakes when its user has news
"""
