"""Detections as items of pytest. Nothing of it is imported before a pytest run is about detections."""
