"""New question-answer pairs for one prompt, beside those of the prompt it follows."""

from aig.pipelines.regeneration.run import Regenerated, regenerate

__all__ = ["Regenerated", "regenerate"]
