"""What a detection is: content repositories read into frozen models."""

from harness.content.loader import load_content
from harness.content.models import Content, Detection, Problem
from harness.content.root import find_root

__all__ = ["Content", "Detection", "Problem", "find_root", "load_content"]
