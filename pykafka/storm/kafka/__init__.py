"""Kafka's two ends of a topology: what comes from topics, and what goes to them."""
