// A reporter for node:test: one line of JSON for each test that ended, in the words of node-events.mjs.

/** Keeps the names of the tests around the present one, by depth. */
export default async function* reporter(source) {
  const path = [];
  for await (const { type, data } of source) {
    if (type === "test:start") path[data.nesting] = data.name;
    if (type !== "test:pass" && type !== "test:fail") continue;
    const name = [...path.slice(0, data.nesting), data.name].join(" > ");
    const { skip, todo, details } = data;
    const message = details?.error?.cause?.message ?? details?.error?.message;
    yield `${JSON.stringify({ name, skip, todo, kind: details?.type, hasPassed: type === "test:pass", message })}\n`;
  }
}
