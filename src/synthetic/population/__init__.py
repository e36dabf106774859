"""Who there is and what happens to them: authorities, families, plans, care, workers.

Others use ``authorities``, ``course``, ``drivers``, ``life_courses``, ``population``, ``progress``, ``selection``,
``workers``.
"""
