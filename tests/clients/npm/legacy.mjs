// The TypeScript client of the era with sessions: `legacy.mjs http|sse URL` or `legacy.mjs stdio COMMAND ARGUMENT...`.
// Prints what it saw as one JSON object.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const [kind, target, ...rest] = process.argv.slice(2);
const requestInit = { headers: { Authorization: "Bearer demo-analyst" } };
const transports = {
  http: () => new StreamableHTTPClientTransport(new URL(target), { requestInit }),
  sse: () => new SSEClientTransport(new URL(target), { requestInit }),
  stdio: () => new StdioClientTransport({ command: target, args: rest, env: process.env, stderr: "ignore" }),
};

const client = new Client({ name: "legacy", version: "1" });
const transport = transports[kind]();
await client.connect(transport);
const { tools } = await client.listTools();
const ask = (name, given) => client.callTool({ name, arguments: given });
const seen = {
  version: transport.protocolVersion ?? null,
  server: client.getServerVersion().name,
  tools: tools.map((tool) => tool.name),
  answer: await ask("run_query", { source: "salesorder", sql: process.env.QUESTION }),
  refusal: await ask("run_query", { source: "salesorder", sql: "DROP TABLE t_sales_order_m" }),
  wrong: await ask("run_query", { source: "salesorder" }),
};
await client.close();
console.log(JSON.stringify(seen));
