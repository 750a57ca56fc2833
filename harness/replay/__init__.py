"""From what a test calls its data to the bytes that a Splunk is sent."""
