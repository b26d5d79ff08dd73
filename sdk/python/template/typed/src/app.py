"""The tools of {{name}}: what the world in wit/world.wit exports."""

from componentize_py_types import Err
from wit_world import WitWorld as World


class WitWorld(World):
    def greet(self, name: str) -> str:
        if not name:
            raise Err("whom shall I greet?")
        return f"Hello, {name}!"
