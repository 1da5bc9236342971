def observe(program, random):
    account, seen = program.Account("x", random.randint(0, 5)), []
    for _ in range(5):
        try:
            getattr(account, random.choice(["deposit", "withdraw"]))(random.randint(0, 5))
        except ValueError as error:
            seen.append(str(error))
    return account.balance, account.history, seen
