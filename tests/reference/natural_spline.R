# Reference results for src/models/natural_spline.py, from R. Run in this folder: Rscript natural_spline.R
# Writes natural_spline.json; the tests read it and need no R. Made with R 4.2.2 (package splines).
library(splines)
library(jsonlite)

values <- c(0.2, 0.9, 1.4, 2.2, 3.1, 3.3, 4.8, 5.5, 6.1, 7.7, 8.0, 9.4, 11.2, 12.9, 13.3, 15.8, 17.6)
new <- c(-3, 0.2, 2.9, 6.6, 17.6, 21.5) # the first and the last lie outside the range

reference <- lapply(c(1, 2, 3, 4, 6), function(df) {
  basis <- ns(values, df = df)
  list(
    df = df, knots = as.list(unname(attr(basis, "knots"))),
    basis = unname(matrix(basis, ncol = df)), new_basis = unname(matrix(predict(basis, new), ncol = df))
  )
})
write_json(list(values = values, new = new, reference = reference), "natural_spline.json", digits = 15, auto_unbox = TRUE)
