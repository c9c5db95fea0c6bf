"""Whether the TURN server relays for those who cannot connect directly."""
