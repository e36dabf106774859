"""Writers of the formats that councils hold, and of faults in them.

Others use ``all_formats``, ``annex_a``, ``census_faults``, ``cin_census``, ``dfe_api``, ``dictionary``, ``ssd``,
``ssda903``, ``tables``.
"""
