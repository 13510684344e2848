"""Clip and metadata in, question-answer pairs out: closed-ended by rule, open-ended from a chat model."""
