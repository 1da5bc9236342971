def observe(program, random):
    stock = program.Inventory()
    for _ in range(random.randint(0, 6)):
        stock.add(random.choice("abc"), random.randint(1, 9), random.randint(1, 4))
    return stock.total(), [(i.name, i.count) for i in stock.items]
