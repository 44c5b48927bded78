"""The words of the business: entities, field types, findings and the accounting of records. Pure data, no I/O."""
