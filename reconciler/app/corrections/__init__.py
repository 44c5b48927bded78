"""The parts of `app.correct`, the one way to corrections. Nothing else imports them."""
