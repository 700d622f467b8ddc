"""What users subclass: spouts and bolts. They know nothing of what runs them but the outlet."""

from __future__ import annotations
