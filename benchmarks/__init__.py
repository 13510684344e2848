"""Performance as ratios measured in one run on the same work."""

from aig.extractors.librosa_loading import machine_code_folder

machine_code_folder()  # librosa is compiled once, also for what runs with a cache folder of its own
