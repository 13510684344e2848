"""One module per dataset: how its owners' files, or a mirror's, become `Clip` records; and own data's manifests."""
