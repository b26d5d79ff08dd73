"""Uses a host through the public MCP client for Python, and tells line by line what it saw.

client.py MODE TASK stdio PROGRAM ARGUMENTS…    MODE is legacy or 2026-07-28
client.py MODE TASK http URL TOKEN              TASK is all, or leave: it waits in a call for whoever kills it
"""

import json
import sys

import anyio
import httpx2
import mcp_types as types
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client

MODE, TASK, WAY, *REST = sys.argv[1:]


def tell(**what):
    print(json.dumps(what), flush=True)


def transport():
    if WAY == "stdio":
        return stdio_client(StdioServerParameters(command=REST[0], args=REST[1:]))
    url, token = REST
    headers = {"authorization": f"Bearer {token}"}
    return streamable_http_client(url, http_client=httpx2.AsyncClient(headers=headers, timeout=60))


async def all_tools(client):
    listed = await client.list_tools(cache_mode="bypass")
    return [tool.name for tool in listed.tools]


async def run_long(client, running):
    """Calls for two minutes; `running` hears of each step."""
    await client.call_tool("probe_progress", {"steps": 1200, "ms": 100}, progress_callback=running)


async def leave(client):
    async def running(done, total, message):
        tell(running=True)

    await run_long(client, running)


async def cancel(client):
    """Gives up a long call once it is known to run."""
    with anyio.CancelScope() as scope:

        async def running(done, total, message):
            scope.cancel()

        await run_long(client, running)
    tell(cancelled=scope.cancelled_caught)


async def hear(client, changed):
    """Waits until the list of tools changes."""
    if MODE == "legacy":
        tell(listening=True)
        await changed.wait()
    else:
        async with client.listen(tools_list_changed=True) as events:
            tell(listening=True)
            async for _ in events:
                break
    tell(changed=await all_tools(client))


async def everything(client, changed):
    tell(protocol=client.protocol_version, tools=await all_tools(client))
    greeted = await client.call_tool("echo-typed_greet", {"name": "Ann"})
    tell(text=greeted.content[0].text, structured=greeted.structured_content)
    failed = await client.call_tool("echo-typed_fail", {"msg": "no luck"})
    tell(error=failed.is_error, text=failed.content[0].text, meta=failed.meta)
    steps = []

    async def step(done, total, message):
        steps.append([done, total])

    await client.call_tool("probe_progress", {"steps": 4, "ms": 150}, progress_callback=step)
    tell(progress=steps)
    await cancel(client)
    await hear(client, changed)


async def main():
    changed = anyio.Event()

    async def heard(message):
        if isinstance(message, types.ToolListChangedNotification):
            changed.set()

    async with Client(transport(), mode=MODE, message_handler=heard) as client:
        await (leave(client) if TASK == "leave" else everything(client, changed))


anyio.run(main)
