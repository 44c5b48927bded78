"""The quoting page at `/`: taxes of a quote for people, made of the same answers as the JSON routes."""
