"""Use-by dates."""

from datetime import date, timedelta


def days_left(use_by, today):
    """How many days a food may still be eaten; the last day counts."""
    return (use_by - today).days + 1


def expired(foods, today):
    """Names of foods that are past their day; foods maps names to dates."""
    return sorted(name for name, use_by in foods.items() if days_left(use_by, today) <= 0)


def next_weekday(start, weekday):
    """The first day after start that is this weekday (Monday is 0)."""
    ahead = (weekday - start.weekday()) % 7
    if ahead == 0:
        ahead = 7
    return start + timedelta(days=ahead)


def is_leap(year):
    """Whether a year has a 29th of February."""
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def parse_day(text):
    """A date written as day.month.year."""
    day, month, year = text.split(".")
    return date(int(year), int(month), int(day))
