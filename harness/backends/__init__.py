"""What answers a test: the embedded Splunk in this process, or an existing one at an address."""
