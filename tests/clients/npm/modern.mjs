// The TypeScript client of both eras: `modern.mjs URL auto|legacy|VERSION`. Prints what it saw as one JSON object.
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";

const [target, era] = process.argv.slice(2);
const mode = era === "auto" || era === "legacy" ? era : { pin: era };
const client = new Client({ name: "modern", version: "1" }, { versionNegotiation: { mode } });
const requestInit = { headers: { Authorization: "Bearer demo-analyst" } };
await client.connect(new StreamableHTTPClientTransport(new URL(target), { requestInit }));
const { tools } = await client.listTools();
const ask = (name, given) => client.callTool({ name, arguments: given });
const seen = {
  version: client.getNegotiatedProtocolVersion?.() ?? null,
  server: client.getServerVersion()?.name ?? null,
  tools: tools.map((tool) => tool.name),
  answer: await ask("run_query", { source: "salesorder", sql: process.env.QUESTION }),
  refusal: await ask("run_query", { source: "salesorder", sql: "DROP TABLE t_sales_order_m" }),
  wrong: await ask("run_query", { source: "salesorder" }),
};
await client.close();
console.log(JSON.stringify(seen));
