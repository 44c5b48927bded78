"""SOAP 1.1 and 1.2: envelopes from tables, faults, and a customer's WSDL (optional extra)."""
