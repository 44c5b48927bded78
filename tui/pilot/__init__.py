"""What the pilot place shows and does: the week against its criteria, scenarios, feedback, the stage."""
