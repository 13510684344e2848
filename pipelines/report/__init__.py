"""The report of a build: one HTML page with plots, samples to hear, drops, quarantine and cost.

`pipelines.report.page.write_report(configuration, workspace)` writes it.
"""
