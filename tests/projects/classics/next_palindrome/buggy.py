def next_palindrome(digits):
    high = len(digits) // 2
    low = (len(digits) - 1) // 2
    while high < len(digits) and low >= 0:
        if digits[high] == 9:
            digits[high] = 0
            digits[low] = 0
            high += 1
            low -= 1
        else:
            digits[high] += 1
            if low != high:
                digits[low] += 1
            return digits
    return [1] + len(digits) * [0] + [1]
