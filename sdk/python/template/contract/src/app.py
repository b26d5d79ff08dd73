"""The tools of {{name}}."""

from typing import Annotated, TypedDict

import skep


class Greeting(TypedDict):
    greeting: str


@skep.tool
def greet(name: Annotated[str, "whom to greet"]) -> Greeting:
    """Greets somebody."""
    if not name:
        raise skep.Failed("whom shall I greet?")
    return {"greeting": f"{skep.config.get('greeting', 'Hello')}, {name}!"}
