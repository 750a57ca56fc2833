"""The release gate: which changed detections may be released, which not, and why."""
