"""Reading both systems: one entity of one side becomes a snapshot, here or in a process of its own."""
