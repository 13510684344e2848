"""The report of a build: one HTML page with plots, samples to hear, drops, quarantine and cost.

`aig.pipelines.views.report.page.write_report(configuration, workspace)` writes it.
"""
