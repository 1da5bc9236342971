from datetime import date

def observe(program, random):
    day = date(random.randint(1890, 2110), random.randint(1, 12), random.randint(1, 28))
    return program.add_months(day, random.randint(-30, 30)), program.is_leap(day.year)
