"""What must be true in an account and Region and is no property of a stack.

``checks/`` has one module per check, and each module says all there is to say about its check.
``registry`` collects them. No other module of the program names a check.
"""
