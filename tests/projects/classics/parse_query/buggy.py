def parse_query(query):
    result = {}
    for part in query.split("&"):
        if "=" in part:
            key, value = part.split("=", 1)
        else:
            key, value = part, ""
        result.setdefault(key, []).append(value)
    return result
