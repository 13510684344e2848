"""Audio in, measured metadata out: decoding, pitch, volume, speed, transcript, sound labels, five-level scales."""
