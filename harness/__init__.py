"""harness: tests Splunk detections against replayed attack data, with or without a Splunk."""

__version__ = "0.1.0"
