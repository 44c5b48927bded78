"""The stand-in CRM: OData over JSON as Ploomes speaks it."""
