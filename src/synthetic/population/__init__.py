"""Who there is and what happens to them: authorities, families, plans, care, workers.

Others use ``authorities``, ``course``, ``life_courses``, ``population``, ``selection``, ``workers``.
"""
