/**
 * A square maze whose two objects are seen and move: the agent walks in four directions (and stays where it would leave), each
 * step costs 0.04, and entering an object's cell pays +1 for one of them and -1 for the other, after which that object appears
 * in another cell. Which of the two pays is not seen, and changes with time: an agent has to unlearn. The simple maze of
 * Vuorio et al., arXiv 2209.11303 (5 x 5, episodes of 16 steps).
 *
 * Functions of B mazes side by side, made of `np` functions.
 */
import { type Key, type Tensor, nn, np, random } from "../../array/index.ts";
import { requireInteger, requireKnownOptions } from "../../errors.ts";

export interface MovingMazeOptions {
  /** Cells per side. Default 5. */
  side?: number;
  /** Actions of an episode. Default 16. */
  horizon?: number;
  /** Default 0.99. */
  discount?: number;
}

/** Cells, row by row: int32 [B]. */
export interface MovingMazeState {
  agent: Tensor;
  /** The object that pays +1 at first. */
  first: Tensor;
  second: Tensor;
}

export interface MovingMaze {
  readonly horizon: number;
  readonly discount: number;
  readonly actions: number;
  /** Numbers of an observation: cells, three times. */
  readonly observationSize: number;
  /** Agent and objects in three different cells. */
  start(key: Key, batch: number): MovingMazeState;
  /** The cells as one-hot rows, [B, observationSize]. */
  observe(state: MovingMazeState, dtype: "float32" | "float64"): Tensor;
  /** `isSwapped` (bool scalar): the second object pays, and the first costs. Rewards [B] in float64. */
  step(
    state: MovingMazeState,
    actions: Tensor,
    isSwapped: Tensor,
    key: Key,
  ): {
    state: MovingMazeState;
    rewards: Tensor;
  };
}

const stepReward = -0.04;
/** Down, right, up, left. */
const directions = [
  [0, 1],
  [1, 0],
  [0, -1],
  [-1, 0],
] as const;

/** The maze as functions. */
export function movingMaze(options: MovingMazeOptions = {}): MovingMaze {
  requireKnownOptions("movingMaze", options, ["side", "horizon", "discount"]);
  const { side = 5, horizon = 16, discount = 0.99 } = options;
  requireInteger("movingMaze", "side", side, 2);
  requireInteger("movingMaze", "horizon", horizon, 1);
  const cells = side * side;
  const clip = (x: number): number => Math.min(side - 1, Math.max(0, x));
  const targets = Array.from({ length: cells }, (_, cell) =>
    directions.map(
      ([right, down]) => clip(Math.floor(cell / side) + down) * side + clip((cell % side) + right),
    ),
  );
  const moves = np.array(targets.flat(), { dtype: "int32" });

  /** A cell that is neither of two others: uniform over the rest, [B]. */
  function elsewhere(key: Key, a: Tensor, b: Tensor): Tensor {
    const [low, high] = [np.minimum(a, b), np.maximum(a, b)];
    const draw = random.randint(key, [...a.shape], 0, cells - 2);
    // The draw counts the cells that are left: it skips the lower one, then the higher one.
    const skipped = draw.add(draw.greaterEqual(low).astype("int32"));
    return skipped.add(skipped.greaterEqual(high).astype("int32"));
  }

  return {
    horizon,
    discount,
    actions: directions.length,
    observationSize: 3 * cells,
    start(key, batch) {
      const agent = random.randint(random.foldIn(key, "agent"), [batch], 0, cells);
      const shift = random.randint(random.foldIn(key, "first"), [batch], 1, cells);
      const first = agent.add(shift).mod(cells);
      return { agent, first, second: elsewhere(random.foldIn(key, "second"), agent, first) };
    },
    observe: ({ agent, first, second }, dtype) =>
      np.concatenate(
        [agent, first, second].map((cell) => nn.oneHot(cell, cells).astype(dtype)),
        -1,
      ),
    step({ agent, first, second }, actions, isSwapped, key) {
      const next = np.take(moves, agent.mul(directions.length).add(actions), 0);
      const [hitsFirst, hitsSecond] = [next.equal(first), next.equal(second)];
      const worth = np.where(isSwapped, -1, 1).astype("float64");
      const paid = hitsFirst.astype("float64").sub(hitsSecond.astype("float64")).mul(worth);
      const isHit = np.logicalOr(hitsFirst, hitsSecond);
      const moved = (name: string, isThis: Tensor, cell: Tensor, other: Tensor): Tensor =>
        np.where(isThis, elsewhere(random.foldIn(key, name), next, other), cell);
      return {
        state: {
          agent: next,
          first: moved("first", hitsFirst, first, second),
          second: moved("second", hitsSecond, second, first),
        },
        rewards: np.where(isHit, paid, stepReward),
      };
    },
  };
}
