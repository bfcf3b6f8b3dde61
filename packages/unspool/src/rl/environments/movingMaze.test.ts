/** The rules of the maze against plain code, step by step. */
import { expect, test } from "vitest";
import { np, random, tree } from "../../array/index.ts";
import { movingMaze } from "./movingMaze.ts";

const side = 3;
const maze = movingMaze({ side });
const bool = (value: boolean) =>
  np
    .array(Int32Array.of(Number(value)))
    .slice(0)
    .equal(1);

test("walls, rewards, and objects that move when hit, in 60 mazes over 12 steps", () => {
  const batch = 60;
  let state = maze.start(random.key(1), batch);
  let hits = 0;
  for (let h = 0; h < 12; h++) {
    const isSwapped = h >= 6;
    const actions = random.randint(random.key(100 + h), [batch], 0, 4);
    const { state: next, rewards } = maze.step(state, actions, bool(isSwapped), random.key(200 + h));
    for (let b = 0; b < batch; b++) {
      const [agent, first, second] = [state.agent, state.first, state.second].map((x) => x.data[b]!) as [number, number, number]; // prettier-ignore
      expect(new Set([agent, first, second]).size).toBe(3);
      const [row, column] = [Math.floor(agent / side), agent % side];
      const [dr, dc] = [[1, 0], [0, 1], [-1, 0], [0, -1]][actions.data[b]!] as [number, number]; // prettier-ignore
      const clip = (x: number) => Math.min(side - 1, Math.max(0, x));
      const to = clip(row + dr) * side + clip(column + dc);
      expect(next.agent.data[b]).toBe(to);
      const worth = to === first ? 1 : to === second ? -1 : undefined;
      const wanted = worth === undefined ? -0.04 : isSwapped ? -worth : worth;
      expect(rewards.data[b]).toBeCloseTo(wanted, 12);
      if (worth !== undefined) hits++;
      // What was hit lies elsewhere, what was not stays.
      expect(next.first.data[b] === first).toBe(to !== first);
      expect(next.second.data[b] === second).toBe(to !== second);
    }
    state = next;
  }
  expect(hits).toBeGreaterThan(60);
});

test("objects appear in every free cell alike", () => {
  // Agent enters cell 1, where the first object is; the second lies in cell 8: 7 cells are left, 700 draws each.
  const count = 4900;
  const all = (value: number) => np.full([count], value, { dtype: "int32" });
  const state = { agent: all(0), first: all(1), second: all(8) };
  const { state: next } = maze.step(state, all(1), bool(false), random.key(3));
  const counts = new Map<number, number>();
  for (const cell of next.first.data) counts.set(cell, (counts.get(cell) ?? 0) + 1);
  expect([...counts.keys()].toSorted((a, b) => a - b)).toEqual([0, 2, 3, 4, 5, 6, 7]);
  // Standard deviation 24.5.
  for (const n of counts.values()) expect(Math.abs(n - 700)).toBeLessThan(98);
});

test("an observation is three one-hot rows; 5 x 5 and 16 steps are the default", () => {
  const one = (value: number) => np.array(Int32Array.of(value));
  const row = maze.observe({ agent: one(2), first: one(0), second: one(8) }, "float64");
  expect([...tree.flatten(row)].flatMap((x, i) => (x === 1 ? [i] : []))).toEqual([2, 9, 26]);
  const paper = movingMaze();
  expect([paper.observationSize, paper.horizon, paper.actions]).toEqual([75, 16, 4]);
  expect(() => movingMaze({ side: 1 })).toThrow(/side.*got 1/);
});
