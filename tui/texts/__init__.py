"""Every sentence of the terminal UI, by language and part."""
