"""Compare and set."""


def compare_and_set(bucket, key, expected, value):
    if bucket.values.get(key) != expected:
        return False
    if value is None:
        bucket.values.pop(key, None)
    else:
        bucket.values[key] = value
    return True
