"""The HTTP port: one session per system, authentication, throttling, paging, and a decision for every answer."""
