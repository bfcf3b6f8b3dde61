/**
 * A square maze with two objects: the agent walks in four directions (and stays where it would leave), each step costs
 * 0.04, entering one object's cell pays +1 and the other's -1. Where the objects are is drawn per lifetime and cannot
 * be seen: the agent has to find out. After the simple maze of Vuorio et al., arXiv 2209.11303, whose objects are seen,
 * move when hit, and whose agent is a network; standing still here, they leave a table over the agent's cell enough.
 */
import { type Key, type Tensor, np, random } from "../../array/index.ts";
import { requireInteger, requireKnownOptions } from "../../errors.ts";
import { type TabularMdp, tabularMdp } from "./tabularMdp.ts";

export interface MazeOptions {
  /** Cells per side. Default 3. */
  side?: number;
  /** Actions of an episode. Default 8. */
  horizon?: number;
  /** Default 0.99. */
  discount?: number;
}

export interface Maze {
  /** Its own rewards are those of a maze without objects. */
  mdp: TabularMdp;
  /** Rewards [cells, 4] of one lifetime. */
  rewards(key: Key): Tensor;
}

const stepReward = -0.04;
const directions = [
  [0, -1],
  [1, 0],
  [0, 1],
  [-1, 0],
] as const;

/** The maze as tables, and the draw of its objects. */
export function maze(options: MazeOptions = {}): Maze {
  requireKnownOptions("maze", options, ["side", "horizon", "discount"]);
  const { side = 3, horizon = 8, discount = 0.99 } = options;
  requireInteger("maze", "side", side, 2);
  const cells = side * side;
  const clip = (x: number) => Math.min(side - 1, Math.max(0, x));
  const next = (cell: number, [down, right]: readonly [number, number]) =>
    clip(Math.floor(cell / side) + down) * side + clip((cell % side) + right);
  const all = Array.from({ length: cells }, (_, cell) => cell);
  const targets = all.map((cell) => directions.map((direction) => next(cell, direction)));
  const mdp = tabularMdp({
    transitions: directions.map((_, a) =>
      all.map((cell) => all.map((to) => Number(to === targets[cell]![a]))),
    ),
    rewards: all.map(() => directions.map(() => stepReward)),
    start: all.map(() => 1 / cells),
    horizon,
    discount,
  });
  return {
    mdp,
    rewards(key) {
      const good = random.randint(random.foldIn(key, "good"), [], 0, cells);
      // One of the other cells.
      const bad = good.add(random.randint(random.foldIn(key, "bad"), [], 1, cells)).mod(cells);
      const into = np.array(targets, { dtype: "int32" });
      const pay = np.where(into.equal(good), 1, np.where(into.equal(bad), -1, stepReward)) as Tensor;
      return pay;
    },
  };
}
