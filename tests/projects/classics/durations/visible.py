from buggy import format_duration

def test_short(): assert format_duration(65) == "1:05"
def test_hour(): assert format_duration(3600) == "1:00:00"
def test_long(): assert format_duration(7325) == "2:02:05"
