"""Prefect flows, configuration and the `aig` command, which bind the libraries below into builds."""
