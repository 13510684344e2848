"""The sample browser: a local web app over published rows and the workspace they come from."""
