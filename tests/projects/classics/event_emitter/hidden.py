def observe(program, random):
    emitter = program.Emitter()
    for _ in range(random.randint(0, 3)):
        emitter.on(random.choice("ab"), lambda *args: args)
    return emitter.emit(random.choice("ab"), *range(random.randint(0, 3)))
