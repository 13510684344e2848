"""The generate stage: the clips that stay become question-answer pairs, bucket by bucket.

Open-ended pairs take two passes. The first asks the model whatever the ledger does not hold; the second reads the
ledger, parses and filters. So parsing costs nothing, and its result does not depend on the order of the replies.
"""
