import { afterEach, expect, test, vi } from "vitest";
import { nextTurn } from "./nextTurn.ts";

afterEach(() => vi.unstubAllGlobals());

test.each(["Node", "a browser, which has no setImmediate"])("timers get their turn in %s", async (host) => {
  if (host !== "Node") vi.stubGlobal("setImmediate", undefined);
  let isServed = false;
  setTimeout(() => (isServed = true), 1);
  const turns = 10_000;
  let turn = 0;
  for (; turn < turns; turn++) {
    if (isServed) break;
    await nextTurn();
  }
  expect(turn).toBeLessThan(turns);
});
