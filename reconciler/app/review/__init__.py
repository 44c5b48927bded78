"""What somebody who reviews findings needs: lists by cause, one record side by side, decisions that are never blind."""
