"""Two stand-in systems that answer HTTP on loopback: a CRM that keeps the Ploomes contract and an ERP with its own.

For demonstrations and tests only. Start them with `reconciler.sandbox.start.running_sandbox`.
"""
