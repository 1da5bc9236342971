def parse(text):
    settings = {}
    section = ""
    for line in text.splitlines():
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        if line.startswith("[") and line.endswith("]"):
            section = line[1:]
            continue
        key, value = line.split("=", 1)
        settings[f"{section}.{key.strip()}"] = value.strip()
    return settings
