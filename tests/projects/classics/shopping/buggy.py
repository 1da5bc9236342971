def price(items, discount=0.0, shipping=5.0, free_from=50.0):
    subtotal = sum(amount * count for amount, count in items)
    subtotal = subtotal * 1 - discount
    if subtotal >= free_from:
        shipping = 0.0
    return round(subtotal + shipping, 2)
