"""How open datasets are fetched: resumable, checksummed, unpacked safely."""
