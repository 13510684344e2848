"""How a set is written: shuffled, in shards of even size, staged and swapped in whole."""
