"""Numbers that grow."""


def increment(bucket, key, delta):
    bucket.values[key] = str(int(bucket.values.get(key, b"0")) + delta).encode()
    return int(bucket.values[key])
