import { expect, test } from "vitest";
import { threadPace } from "./pace.ts";

/** Calls with one thread among the last `last` of `calls`, where a call takes `ms(threads)`. */
function share(ms: (threads: number, call: number) => number, calls: number, last: number): number {
  const pace = threadPace(2);
  let single = 0;
  for (let call = 0; call < calls; call++) {
    const threads = pace.choose();
    pace.took(threads, ms(threads, call));
    if (call >= calls - last && threads === 1) single++;
  }
  return single / last;
}

test("the faster way is taken, the slower one now and then tried", () => {
  const two = share((threads) => (threads === 2 ? 1 : 1.9), 400, 300);
  const one = share((threads) => (threads === 2 ? 3 : 1), 400, 300);
  expect(two).toBeGreaterThan(0);
  expect(two).toBeLessThan(0.05);
  expect(one).toBeLessThan(1);
  expect(one).toBeGreaterThan(0.95);
});

test("a machine that becomes busy, or free, is noticed", () => {
  const busy = (threads: number, call: number): number => (threads === 1 ? 1.9 : call < 200 ? 1 : 6);
  expect(share(busy, 600, 300)).toBeGreaterThan(0.9);
  const free = (threads: number, call: number): number => (threads === 1 ? 1.9 : call < 200 ? 6 : 1);
  expect(share(free, 1200, 300)).toBeLessThan(0.1);
});

test("one thread has no choice", () => {
  const pace = threadPace(1);
  pace.took(1, 5);
  expect(pace.choose()).toBe(1);
});
