"""Speed against peers and against the floor, in one run on the same arrays."""
