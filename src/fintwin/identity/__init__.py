"""Who is asking: signing in, tokens, sessions and their revocation."""
