// ClickHouse for the bench: reads {"sql"} a line, runs it, and writes {"ms", "rows"}
// or {"error"} a line. The time is that of the call alone.
import { createInterface } from "node:readline";
import { Session } from "chdb";

const session = new Session(process.argv[2]);
for await (const line of createInterface({ input: process.stdin })) {
  const { sql } = JSON.parse(line);
  let answer;
  try {
    const begun = performance.now();
    const text = session.query(sql, "JSONEachRow");
    const ms = performance.now() - begun;
    const rows = text.split("\n").filter(Boolean);
    // 64-bit numbers come as text.
    answer = { ms, rows: rows.map((row) => JSON.parse(row, (key, value) => (key === "v" ? Number(value) : value))) };
  } catch (error) {
    answer = { error: String(error.message ?? error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
session.cleanup?.();
