from datetime import date
from buggy import add_months, is_leap

def test_leap(): assert is_leap(2024) is True
def test_century(): assert is_leap(1900) is False
def test_four_hundred(): assert is_leap(2000) is True
def test_common(): assert is_leap(2023) is False
def test_add(): assert add_months(date(2024, 1, 31), 1) == date(2024, 2, 29)
def test_year(): assert add_months(date(2023, 11, 30), 3) == date(2024, 2, 29)
