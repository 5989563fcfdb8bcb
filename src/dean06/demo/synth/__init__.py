"""The synthetic country: invented people in real communes, the same for the same seed, in any number.

Everything here is invented. Shares and weights carry their source in ``data/``; where none was found the docstring says
*assumption*. Days are whole days since 1970-01-01 in arrays, so that families are matched by sorting, not by loops.
"""
