/**
 * The built library in a real browser: the same run gives the same bits as in Node. Needs Chromium (see
 * `isolatedPages.ts`) and `npm run build`; `npm run test:browser`.
 */
import { join } from "node:path";
import { expect, test } from "vitest";
import { isolatedPages, root } from "./isolatedPages.ts";

const openPage = isolatedPages();

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

test("a run in Chromium gives the bits of the same run in Node", async () => {
  const page = await openPage();
  const inBrowser: unknown = await page.evaluate(`(async () => {${script}})()`);
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
