"""Whisper transcripts: the recogniser's interface, its two backends, and where weights come from."""
