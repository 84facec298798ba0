"""FinBot: explains features and a person's own figures, proposes scenarios, never appends.

A question is understood (`questions`), answered from the caller's own read models and from the twin (`figures`), and put into
words: by the built-in FinBot (`builtin`) or, where the person has agreed, by Gemini (`gemini`), which writes and does not
reckon: a sentence with a number that no tool returned is left out (`verbatim`). `finbot` chooses. Answers come as `pieces`.
"""
