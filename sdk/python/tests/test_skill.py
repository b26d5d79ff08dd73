"""Tools from declaration to answer, and what they ask of their host, against a host in memory."""

import json
import logging
import sys
import unittest
from pathlib import Path
from typing import Annotated

SDK = Path(__file__).parent
sys.path[:0] = [str(SDK / "fake_host"), str(SDK.parent / "library")]

import skep  # noqa: E402
from componentize_py_types import Err  # noqa: E402
from skep.export import Tools  # noqa: E402
from wit_world.exports.tools import Error_Failed, Error_InvalidInput  # noqa: E402
from wit_world.imports import logging as host_log  # noqa: E402


@skep.tool
def greet(name: Annotated[str, "whom"], times: int = 1) -> str:
    """Greets someone."""
    return " ".join([f"Hello, {name}!"] * times)


@skep.tool(name="break", description="Breaks.")
def break_it(how: str):
    match how:
        case "failed":
            raise skep.Failed("on purpose")
        case "input":
            raise skep.InvalidInput("not this one")
        case "exit":
            sys.exit(3)
        case "import":
            import no_such_module  # noqa: F401
        case "memory":
            raise MemoryError
        case "bytes":
            raise skep.Failed("caf\udce9")
        case "nan":
            return float("nan")
    raise KeyError("an ordinary defect")


class SkillTest(unittest.TestCase):
    def fails(self, tool, input, error):
        with self.assertRaises(Err) as caught:
            Tools().call_tool(tool, json.dumps(input))
        self.assertEqual(caught.exception.value, error)

    def test_tools_describe_themselves(self):
        listed = {tool.name: tool for tool in Tools().list_tools()}
        self.assertEqual(listed["greet"].description, "Greets someone.")
        self.assertEqual(
            json.loads(listed["greet"].input_schema),
            {
                "type": "object",
                "properties": {
                    "name": {"type": "string", "description": "whom"},
                    "times": {"type": "integer", "default": 1},
                },
                "additionalProperties": False,
                "required": ["name"],
            },
        )
        self.assertEqual(json.loads(listed["greet"].output_schema), {"type": "string"})
        self.assertEqual((listed["break"].description, listed["break"].output_schema), ("Breaks.", None))

    def test_a_tool_answers_and_stays_a_function(self):
        self.assertEqual(Tools().call_tool("greet", '{"name": "Zoë", "times": 2}'), '"Hello, Zoë! Hello, Zoë!"')
        self.assertEqual(greet("Ann"), "Hello, Ann!")

    def test_what_goes_wrong_becomes_an_answer(self):
        self.fails("greet", {}, Error_InvalidInput("$: missing member 'name'"))
        self.fails("break", {"how": "failed"}, Error_Failed("on purpose"))
        self.fails("break", {"how": "input"}, Error_InvalidInput("not this one"))
        self.fails("break", {"how": "exit"}, Error_Failed("SystemExit: 3"))
        self.fails("break", {"how": "bytes"}, Error_Failed("caf\\udce9"))
        self.fails("break", {"how": "nan"}, Error_Failed("ValueError: Out of range float values are not JSON compliant"))

    def test_a_defect_leaves_its_traceback_in_the_log(self):
        self.fails("break", {"how": "defect"}, Error_Failed("KeyError: 'an ordinary defect'"))
        level, context, text = host_log.logged[-1]
        self.assertEqual((level, context), ("ERROR", "skep"))
        self.assertIn("in break_it", text)

    def test_a_late_import_is_explained(self):
        with self.assertRaises(Err) as caught:
            Tools().call_tool("break", '{"how": "import"}')
        self.assertIn("import at the top of a module", caught.exception.value.value)

    def test_spent_memory_breaks_the_instance(self):
        with self.assertRaises(MemoryError):
            Tools().call_tool("break", '{"how": "memory"}')

    def test_what_cannot_be_a_tool_is_refused_where_it_is_declared(self):
        async def waits(): ...

        def untyped(a): ...

        def many(*a: int): ...

        for function, words in [(waits, "plain function"), (untyped, "what type a has"), (many, "plain named parameters")]:
            with self.assertRaisesRegex(TypeError, words):
                skep.tool(function)
        with self.assertRaisesRegex(ValueError, "two tools are called greet"):
            skep.tool(name="greet")(lambda: None)


class HostTest(unittest.TestCase):
    def test_configuration(self):
        self.assertEqual(skep.config.get("greeting"), "hello")
        self.assertEqual(skep.config.get("none", "default"), "default")
        self.assertEqual(skep.config.all(), {"greeting": "hello"})
        with self.assertRaisesRegex(skep.Failed, "configuration: no database"):
            skep.config.get("broken")

    def test_state(self):
        kept = skep.state.hot
        self.assertIsNone(kept.get("a"))
        kept.set("a", "ö")
        kept.set("b", b"\0")
        self.assertEqual((kept.get("a"), kept.get_text("a"), "a" in kept), (b"\xc3\xb6", "ö", True))
        self.assertEqual(list(kept.keys()), ["a", "b"])
        self.assertFalse(kept.compare_and_set("a", None, "x"))
        self.assertTrue(kept.compare_and_set("a", "ö", None))
        self.assertNotIn("a", kept)
        self.assertEqual((kept.increment("n"), kept.increment("n", 4)), (1, 5))
        with self.assertRaisesRegex(skep.Failed, "state warm: there is no such bucket"):
            skep.state.Bucket("warm").get("a")

    def test_an_effect_is_made_once(self):
        kept = skep.state.durable
        self.assertEqual([kept.once("a", lambda begun: begun), kept.once("a", self.fail)], [False, False])
        # What failed was not made.
        with self.assertRaises(ZeroDivisionError):
            kept.once("b", lambda begun: 1 / 0)
        self.assertEqual(kept.once("b", lambda begun: begun), False)
        # An earlier call was cut off.
        kept.set("once/c", json.dumps({"begun": "another call"}))
        with self.assertRaises(ZeroDivisionError):
            kept.once("c", lambda begun: 1 / 0)
        self.assertEqual(kept.once("c", lambda begun: begun), True)

    def test_other_skills(self):
        self.assertEqual(skep.skills.call("peer", "echo", {"a": 1}), ["echo", {"a": 1}])
        self.assertEqual(skep.skills.call("peer"), [None, {}])
        with self.assertRaisesRegex(skep.skills.Fault, "^unknown_skill: no skill other$") as caught:
            skep.skills.call("other")
        self.assertEqual(caught.exception.code, "unknown_skill")
        (found,) = skep.skills.find("text.echo")
        self.assertEqual((found.name, found.tools[0].input_schema), ("peer", {"type": "object"}))

    def test_secrets(self):
        self.assertEqual(skep.secrets.get("API_KEY"), "skep-secret-API_KEY")
        self.assertEqual(skep.secrets.basic("API_KEY", "ann"), "skep-secret-API_KEY-ann")
        with self.assertRaisesRegex(skep.Failed, "^no secret OTHER$"):
            skep.secrets.get("OTHER")

    def test_deadline(self):
        self.assertEqual(skep.context.deadline().isoformat(), "2026-11-21T05:54:00.781000+00:00")

    def test_logging(self):
        skep.log.serve()
        logging.getLogger("fetch").warning("slow: %d ms", 7)
        logging.getLogger("fetch").debug("not sent")
        self.assertEqual(host_log.logged[-1], ("WARN", "fetch", "slow: 7 ms"))
        logging.getLogger("fetch").setLevel(skep.log.TRACE)
        logging.getLogger("fetch").log(skep.log.TRACE, "all")
        self.assertEqual(host_log.logged[-1], ("TRACE", "fetch", "all"))


if __name__ == "__main__":
    unittest.main()
