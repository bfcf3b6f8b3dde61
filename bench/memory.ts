/**
 * Memory against the horizon, each case in a process of its own: PES holds one window whatever the horizon, BPTT holds
 * what its checkpoint policy says. One whole trajectory of an LSTM with 128 units on batches of 32; PES with 8 pairs
 * and windows of 10 steps.
 */
import { startNode } from "./contestants.ts";
import { aligned } from "./report.ts";

export interface MemoryCase {
  method: "pes" | "bptt all" | "bptt sqrt" | "bptt 8 states";
  horizon: number;
}

export interface MemoryResult extends MemoryCase {
  /** Peak of resident memory over that after imports: compiler, JavaScript and all. */
  residentBytes: number;
  /** Of the WebAssembly memories that the run made. */
  linearBytes: number;
  seconds: number;
}

const methods = ["pes", "bptt all", "bptt sqrt", "bptt 8 states"] as const;

export async function memory(options: { isJson: boolean; horizons?: string | undefined }): Promise<void> {
  const horizons = (options.horizons ?? "10,100,300,1000,3000").split(",").map(Number);
  const rows: { method: string; results: MemoryResult[] }[] = [];
  for (const method of methods) {
    const results: MemoryResult[] = [];
    for (const horizon of horizons) {
      const result = await run({ method, horizon });
      results.push(result);
      if (options.isJson) console.log(JSON.stringify(result));
    }
    rows.push({ method, results });
  }
  if (options.isJson) return;
  const megabytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MB`;
  const table = (title: string, bytes: (result: MemoryResult) => number): string[] => [
    title,
    ...aligned([
      ["T", ...horizons.map(String)],
      ...rows.map(({ method, results }) => [method, ...results.map((result) => megabytes(bytes(result)))]),
    ]),
  ];
  const lines = [
    ...table("WebAssembly memory, one trajectory of an LSTM", ({ linearBytes }) => linearBytes),
    ...table("Peak of resident memory over that after imports", ({ residentBytes }) => residentBytes),
  ];
  console.log(lines.join("\n"));
}

async function run(one: MemoryCase): Promise<MemoryResult> {
  const child = startNode(["memoryCase.ts", JSON.stringify(one)]);
  child.stdin!.end();
  let output = "";
  for await (const part of child.stdout!) output += part;
  if (output === "") throw new Error(`bench: ${one.method} at T = ${one.horizon} failed`);
  return JSON.parse(output) as MemoryResult;
}
