"""Eval functions, a file per family of Splunk's Search Reference; see :mod:`harness.expressions.registry`."""
