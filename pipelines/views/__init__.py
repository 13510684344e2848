"""How a workspace is looked at: report, sample browser, status, and the trace of one clip or pair."""
