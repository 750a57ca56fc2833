"""Splunk in a container: what its image is told and tells, from the inside and from the outside."""
