// What the compiler must make of schemas: `tsc -p sdk/js` checks this file, nothing runs it.

import { type Infer, s, tool } from "../library/index";

const order = s.object({
  pair: s.tuple([s.string(), s.integer()]),
  state: s.enum(["open", "done"]),
  tags: s.optional(s.array(s.nullable(s.string()))),
  either: s.union([s.boolean(), s.null()]),
  prices: s.record(s.number()),
});

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Order = {
  pair: [string, number];
  state: "open" | "done";
  either: boolean | null;
  prices: Record<string, number>;
  tags?: (string | null)[] | undefined;
};
export const isAsDeclared: Equal<Infer<typeof order>, Order> = true;

// @ts-expect-error: there is no such state
export const misfit: Infer<typeof order>["state"] = "closed";

tool({ name: "a", description: "", input: order, run: ({ state }) => state.length });
tool({ name: "b", description: "", input: { type: "object" }, run: ({ anything }) => anything });
tool({ name: "c", description: "", run: () => null });
// @ts-expect-error: the answer must fit the output
tool({ name: "d", description: "", input: order, output: s.string(), run: ({ pair }) => pair[1] });
