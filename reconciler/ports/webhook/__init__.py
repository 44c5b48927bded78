"""The webhook port: what a description says of incoming deliveries, whether one is genuine, and what it hints at."""
