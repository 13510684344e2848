"""The forms of replies beyond questions and answers, one file each: what of an item stays, and the row it becomes."""
