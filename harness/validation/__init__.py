"""Static rules over detections: one class per rule, one file per family."""
