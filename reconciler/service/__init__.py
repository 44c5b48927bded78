"""The HTTP service: webhooks and health. Every error is a problem document (RFC 9457) with a stable code."""
