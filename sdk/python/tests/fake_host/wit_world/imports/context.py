"""One call, as the fake host knows it."""


def call_id():
    return "0190"


def deadline():
    return 1_795_240_440_781
