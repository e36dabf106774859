"""What people give: outcomes, weights, clusters, strata, labels, folds; each checked in one place."""
