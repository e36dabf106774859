"""Writers of the formats that councils hold, and of faults in them."""
