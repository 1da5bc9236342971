def truncate(text, limit, mark="..."):
    if len(text) <= limit:
        return text
    return text[:limit - len(mark)].rstrip() + mark
