"""Numerical methods that know nothing of survival: columns, sorting, steps, threads, penalised quadratics."""
