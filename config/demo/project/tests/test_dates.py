from datetime import date

from larder.dates import days_left, expired, is_leap, next_weekday, parse_day

TODAY = date(2024, 5, 15)


def test_the_last_day_counts():
    assert days_left(date(2024, 5, 15), TODAY) == 1
    assert days_left(date(2024, 5, 20), TODAY) == 6
    assert days_left(date(2024, 5, 14), TODAY) == 0


def test_yesterdays_food_is_expired():
    foods = {"milk": date(2024, 5, 14), "yoghurt": date(2024, 5, 15), "ham": date(2024, 4, 1)}
    assert expired(foods, TODAY) == ["ham", "milk"]


def test_the_next_weekday_is_never_today():
    assert next_weekday(TODAY, 0) == date(2024, 5, 20)
    assert next_weekday(TODAY, 2) == date(2024, 5, 22)
    assert next_weekday(TODAY, 4) == date(2024, 5, 17)


def test_leap_years():
    assert is_leap(2024) and is_leap(2000)
    assert not is_leap(2023)
    assert not is_leap(1900)


def test_days_are_written_day_first():
    assert parse_day("3.12.2024") == date(2024, 12, 3)
    assert parse_day("31.1.2025") == date(2025, 1, 31)
