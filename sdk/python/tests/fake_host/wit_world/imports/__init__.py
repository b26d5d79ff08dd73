"""What the fake host serves."""
