"""Read models: what the log means, as pure folds.

One module per read model; `model` says what a read model is and runs one in memory, `catalogue` lists them all.
"""
