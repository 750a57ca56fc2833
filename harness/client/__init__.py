"""Talking to a Splunk: its REST API with the official SDK, its HTTP Event Collector with requests."""
