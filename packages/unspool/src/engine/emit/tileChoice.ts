/**
 * How large a tile of results is that stays in registers while the summed axes are walked: the one with the fewest
 * cycles per product among those that fit, with all that a step loads.
 */
import { type ContractionPlan, movesAcross } from "./contractionPlan.ts";
import { isWide } from "./vectors.ts";

/** How many results along two axes, and how many lane vectors, one tile holds. */
export interface Tile {
  readonly rows: number;
  readonly columns: number;
  readonly vectors: number;
}

/** Vector registers that V8 allocates on x64; a step's loads all come before its products. */
const registers = 15;
/** Of a multiply-add, in cycles: fewer sums would wait for themselves. */
const latency = 4;
/** Operations per cycle, and those of a pass of the loop besides loads and products. */
const issued = 5;
const loopOperations = 5;
/** Of each of a tile's three lengths. */
const longestSide = 4;

export function chooseTile(plan: ContractionPlan): Tile {
  const most = (length: number): number => Math.min(length, longestSide);
  const [rows, columns] = [most(plan.rows?.size ?? 1), most(plan.columns?.size ?? 1)];
  const vectors = most(vectorsOf(plan));
  let best: Tile = { rows: 1, columns: 1, vectors: 1 };
  let bestCost = Infinity;
  for (let r = 1; r <= rows; r++) {
    for (let c = 1; c <= columns; c++) {
      for (let v = 1; v <= vectors; v++) {
        const tile = { rows: r, columns: c, vectors: v };
        const cost = cyclesPerProduct(plan, tile);
        if (cost < bestCost - 1e-9) [best, bestCost] = [tile, cost];
      }
    }
  }
  return best;
}

/** Vectors of lanes, or along the vector axis. */
function vectorsOf({ isLaned, isAcross, vectorAxis, context }: ContractionPlan): number {
  if (isLaned) return context.lanes / 4;
  return isAcross || vectorAxis === undefined ? 1 : Math.max(1, Math.floor(vectorAxis.size / 4));
}

/** Infinity for tiles that do not fit. */
function cyclesPerProduct(plan: ContractionPlan, { rows, columns, vectors }: Tile): number {
  const perVector = isWide(plan.node.dtype) ? 2 : 1;
  const loadsOf = (side: "a" | "b"): number => plan[side].copies * (movesAcross(plan, side) ? vectors : 1);
  const products = perVector * rows * columns * vectors * plan.members;
  const loads = perVector * (rows * loadsOf("a") + columns * loadsOf("b"));
  if (products + loads > registers) return Infinity;
  const cycles = Math.max(latency, products / 2, loads / 2, (products + loads + loopOperations) / issued);
  return cycles / products;
}
