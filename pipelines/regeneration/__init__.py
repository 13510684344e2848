"""New question-answer pairs for one prompt, beside those of the prompt it follows."""

from pipelines.regeneration.run import Regenerated, regenerate

__all__ = ["Regenerated", "regenerate"]
