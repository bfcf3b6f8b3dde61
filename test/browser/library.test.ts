/**
 * The built library in a real browser: the same run gives the same bits as in Node. Needs Chromium (path in
 * CHROMIUM, default /usr/bin/chromium) and `npm run build`; `npm run test:browser`.
 */
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");
const types: Record<string, string> = { ".js": "text/javascript", ".html": "text/html" };

/** Twenty outer steps of PES on influence balancing; what the page and Node both run. */
const script = `
  const { influenceBalancing, np, pes, sgd, train } = await import("unspool");
  const experiment = {
    name: "browser",
    summary: "",
    config: { parse: () => ({}) },
    setup: () => ({
      theta: { theta: np.array(0.5, { dtype: "float32" }) },
      estimator: pes(influenceBalancing(), { sigma: 0.1, pairs: 100, truncation: 2, objective: "sum" }),
      optimizer: sgd({ learningRate: 1e-4 }),
      steps: 20,
    }),
  };
  const { theta, metrics } = await train(experiment, { seed: 7 });
  return { theta: theta.theta.item(), losses: metrics.map(({ loss }) => loss) };
`;

const page = `<!doctype html><script type="importmap">{"imports":{
  "unspool": "/packages/unspool/dist/index.js",
  "@jax-js/jax": "/node_modules/@jax-js/jax/dist/index.js"
}}</script>`;

const server = createServer((request, response) => {
  const path = new URL(request.url!, "http://localhost").pathname;
  const body = path === "/" ? Promise.resolve(page) : readFile(join(root, path));
  body.then(
    (content) => {
      // What shared memory will need.
      response.writeHead(200, {
        "content-type": types[path === "/" ? ".html" : extname(path)] ?? "application/octet-stream",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-embedder-policy": "require-corp",
      });
      response.end(content);
    },
    () => response.writeHead(404).end(),
  );
});
let browser: Browser;

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  browser = await chromium.launch({
    executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
  });
});

afterAll(async () => {
  await browser?.close();
  server.close();
});

test("a run in Chromium gives the bits of the same run in Node", async () => {
  const tab = await browser.newPage();
  await tab.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  const inBrowser: unknown = await tab.evaluate(`(async () => {${script}})()`);
  const { run } = (await import(`data:text/javascript,${encodeURIComponent(moduleOf(script))}`)) as {
    run: () => Promise<{ losses: number[] }>;
  };
  const inNode = await run();
  expect(inNode.losses.length).toBe(20);
  expect(inBrowser).toEqual(inNode);
});

/** The script as a module for Node, with the address of the same built file. */
function moduleOf(body: string): string {
  const address = new URL(`file://${join(root, "packages/unspool/dist/index.js")}`).href;
  return `export async function run() {${body.replace('import("unspool")', `import(${JSON.stringify(address)})`)}}`;
}
