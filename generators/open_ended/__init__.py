"""Questions and answers by a chat model: what is asked, and how its replies become pairs."""
