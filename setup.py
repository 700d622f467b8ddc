"""Everything declarative stands in pyproject.toml; extension modules are declared here."""

from __future__ import annotations

from setuptools import setup

setup()
