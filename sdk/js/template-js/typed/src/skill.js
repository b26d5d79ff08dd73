// The tools of {{name}}: what the world in wit/world.wit exports. What is thrown is the `err` of a result.

/** @param {string} name */
export function greet(name) {
  if (!name) throw "whom shall I greet?";
  return `Hello, ${name}!`;
}
