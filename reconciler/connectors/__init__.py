"""What a vendor says: typed descriptions, shipped as TOML or given as a path, and the connector that follows one."""
