"""How bytes move between us and a system (portas de comunicação)."""
