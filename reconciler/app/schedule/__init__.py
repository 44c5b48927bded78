"""Units that run the nightly job: systemd, cron and Kubernetes. They are printed; installing them is the user's."""
