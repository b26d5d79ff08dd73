// The tools of {{name}}.

import { config, Failed, s, tool } from "skep";

tool({
  name: "greet",
  description: "Greets somebody.",
  input: s.object({ name: s.string({ description: "whom to greet" }) }),
  output: s.object({ greeting: s.string() }),
  run({ name }) {
    if (!name) throw new Failed("whom shall I greet?");
    return { greeting: `${config.get("greeting", "Hello")}, ${name}!` };
  },
});
