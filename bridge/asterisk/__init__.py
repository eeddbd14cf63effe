"""What Asterisk's words mean: the catalogue, AMI replies and events, the MIB. Pure."""
