"""Grades, response levels, deadlines and indicator checks: pure arithmetic on the dated, cited parameters of `models/rules/*.yml`.

Nothing here guesses. An unknown figure never counts as zero, a figure that only a memory supports is returned with `verified=False`, and
a plan whose numbers were not found says so instead of giving a level. Grades are suggestions for a named person; the machine decides none.
This page is the one door to them; each kind of arithmetic has its own module.
"""

from models.clocks import clocks, deadlines, earliest, followups
from models.grades import grade_accident, significant_hazard_event
from models.indicators import Indicator, IndicatorCheck, IndicatorIssue, check_indicators, checks, indicators
from models.responses import response_levels

__all__ = [
    "Indicator",
    "IndicatorCheck",
    "IndicatorIssue",
    "check_indicators",
    "checks",
    "clocks",
    "deadlines",
    "earliest",
    "followups",
    "grade_accident",
    "indicators",
    "response_levels",
    "significant_hazard_event",
]
