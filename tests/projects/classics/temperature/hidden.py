def observe(program, random):
    log = program.Log()
    for _ in range(random.randint(0, 5)):
        log.record(random.randint(-9, 9))
    return log.mean(), log.spread()
