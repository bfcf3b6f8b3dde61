/** Natural gradients of the tiny network in numpy (Benzing 2022's method), and against dense matrices. */
import { describe, expect, test } from "vitest";
import { type Tensor, grad, linalg, np, random, tree } from "../../array/index.ts";
import { expectClose, numbers } from "../testing.ts";
import { type FisherColumns, columnMatrix, fisherColumns, gram } from "./fisherColumns.ts";
import type { FisherKind } from "./fisherErrors.ts";
import { fisherQuadratic, fisherVectorProduct, fisherVectorSolve } from "./fisherVectorSolve.ts";
import { type Objective, networkObjective } from "../objective/objective.ts";
import { blockMatrix } from "./layerBlocks.ts";
import { type NaturalGradientOptions, naturalGradient } from "./naturalGradient.ts";
import { convObjective, convTheta, rows, scaledTiny, tinyObjective, tinyTheta, turned } from "./testing.ts";

const key = random.key(0);
const published = 1e-9;
const tinyColumns = (fisher: FisherKind): FisherColumns =>
  fisherColumns(tinyObjective.network!, tinyTheta, { fisher, key });
const slope = grad(tinyObjective.loss)(tinyTheta);

/** Gᵀ over all layers, [C, parameters in layers]. */
const dense = ({ layers }: FisherColumns): Tensor => np.concatenate(layers.map(columnMatrix), 1);
/** The blocks of a tree in one vector. */
const vector = ({ registration }: FisherColumns, like: unknown): Tensor =>
  np.concatenate(
    registration.blocks.map((block) => blockMatrix(block, like).reshape([-1])),
    0,
  );
const trace = (columns: FisherColumns): number => np.trace(gramOf(columns)).item();
const gramOf = ({ layers }: FisherColumns): Tensor =>
  layers.map((layer) => gram(layer)).reduce((sum, part) => sum.add(part));

describe("the tiny network with damping 0.1", () => {
  test("products of the columns, and traces", () => {
    const products = gramOf(tinyColumns("mc"));
    expectClose(products.slice(0), [0.1060601978, 0.0136877972, -0.0114134347, -0.0245083184], published);
    const diagonal = [0.1060601978, 1.0793503057, 1.0428813975, 0.3609500214];
    expectClose(np.diagonal(products), diagonal, published);
    expectClose(
      [trace(tinyColumns("mc")), trace(tinyColumns("full"))],
      [2.5892419224, 2.2710060734],
      published,
    );
  });

  test("the exact information has rank 8: four examples with three draws, of which two are independent", () => {
    const [values] = linalg.eigh(gramOf(tinyColumns("full"))) as [Tensor, Tensor];
    expect(numbers(values).filter((value) => value > 1e-10).length).toBe(8);
  });

  const cases: [string, NaturalGradientOptions, Tensor[]][] = [
    ["mc", {}, [
      turned([[-0.2808605763, -0.5846112493, 2.2764159458], [0.9745001013, 0.246284723, -1.8470713446]]),
      turned([[-0.4691418368, -1.1827824218], [1.4447630122, 0.1676716846], [-0.9756211753, 1.0151107373]]),
    ]],
    ["full", { fisher: "full" }, [
      turned([[0.3194782495, 0.0963528504, 0.9337393124], [0.6800771873, 0.1140329201, -0.6735404302]]),
      turned([[-0.330635488, -0.4996338028], [0.8535655307, 0.2102266656], [-0.5229300427, 0.2894071372]]),
    ]],
    ["mc, by blocks", { blockDiagonal: true }, [
      turned([[0.0294806617, -0.6922470658, 2.1464562448], [1.2049961467, 0.4471328322, -1.8602239307]]),
      turned([[-0.9121473027, -0.8244316973], [1.4566687154, 0.044658381], [-0.5445214127, 0.7797733162]]),
    ]],
  ]; // prettier-ignore
  test.each(cases)("direction: %s", (_name, options, wanted) => {
    const optimizer = naturalGradient({ learningRate: 1, damping: 0.1, fisherBatch: "same", ...options });
    const state = optimizer.init(tinyTheta, tinyObjective, key);
    expect(Object.keys(state)).toEqual(["one", "step"]);
    const { theta } = optimizer.step(tinyTheta, state, tinyObjective, { key });
    expectClose(
      tree.map((from, to) => from.sub(to), tinyTheta, theta),
      numbers(wanted),
      published,
    );
  });
});

describe("28 parameters of a convolution and a dense layer, with biases", () => {
  const objective = convObjective(5);
  const u = grad(objective.loss)(convTheta);
  test.each(["mc", "full", "empirical"] as const)(
    "%s: the identity of Woodbury is the dense solution",
    (fisher) => {
      const columns = fisherColumns(objective.network!, convTheta, { fisher, key });
      const g = dense(columns);
      const information = np.matmul(np.transpose(g), g);
      const damped = information.add(np.eye(28).astype("float64").mul(0.1));
      const solved = fisherVectorSolve(columns, u, 0.1);
      expectClose(np.matmul(damped, vector(columns, solved)), numbers(vector(columns, u)), 1e-12);
      const product = fisherVectorProduct(columns, u);
      expectClose(vector(columns, product), numbers(np.matmul(information, vector(columns, u))));
      expectClose(fisherQuadratic(columns, u), [np.dot(vector(columns, u), vector(columns, product)).item()]);
      const byBlock = fisherVectorSolve(columns, u, 0.1, { blockDiagonal: true });
      columns.layers.forEach((layer, i) => {
        const block = columns.registration.blocks[i]!;
        const part = columnMatrix(layer);
        const own = np
          .matmul(np.transpose(part), part)
          .add(np.eye(part.shape[1]!).astype("float64").mul(0.1));
        const image = np.matmul(own, blockMatrix(block, byBlock).reshape([-1]));
        expectClose(image, numbers(blockMatrix(block, u)));
      });
    },
  );

  test("the empirical columns are the gradients of the examples", () => {
    const columns = fisherColumns(objective.network!, convTheta, { fisher: "empirical", key });
    const mean = dense(columns).sum(0).div(Math.sqrt(5));
    expectClose(mean, numbers(vector(columns, u)));
  });
});

test("with one layer the block-diagonal direction is the whole one", () => {
  const columns = tinyColumns("mc");
  const one: FisherColumns = {
    registration: { ...columns.registration, blocks: columns.registration.blocks.slice(0, 1) },
    layers: columns.layers.slice(0, 1),
    count: columns.count,
  };
  const solve = (blockDiagonal: boolean) => fisherVectorSolve(one, slope, 0.1, { blockDiagonal });
  expect(numbers(solve(true))).toEqual(numbers(solve(false)));
});

describe("which batch the Fisher information is of", () => {
  const [first, second, third] = [1, 2, 3].map(scaledTiny) as [
    typeof tinyObjective,
    typeof tinyObjective,
    typeof tinyObjective,
  ];
  const optimizerOf = (options: NaturalGradientOptions) =>
    naturalGradient({ learningRate: 1, damping: 0.1, ...options });
  /** The direction at theta for the gradient of `of`, with the information of `by`. */
  const direction = (of: typeof tinyObjective, by: typeof tinyObjective) =>
    numbers(
      fisherVectorSolve(
        fisherColumns(by.network!, tinyTheta, { fisher: "mc", key }),
        grad(of.loss)(tinyTheta),
        0.1,
      ),
    );
  const step = (
    options: NaturalGradientOptions,
    objectives: (typeof tinyObjective)[],
    fisher?: typeof tinyObjective,
  ) => {
    const optimizer = optimizerOf(options);
    let state = optimizer.init(tinyTheta, first, key);
    return objectives.map((objective) => {
      const outcome = optimizer.step(tinyTheta, state, objective, { key, ...(fisher && { fisher }) });
      ({ state } = outcome);
      return numbers(tree.map((from, to) => from.sub(to), tinyTheta, outcome.theta));
    });
  };

  test("previous: that of init, then that of the step before", () => {
    const moves = step({}, [second, third]);
    expectClose(moves[0], direction(second, first));
    expectClose(moves[1], direction(third, second));
  });

  test("same, kept for two steps", () => {
    const moves = step({ fisherBatch: "same", period: 2 }, [second, third, third]);
    expectClose(moves[0], direction(second, second));
    expectClose(moves[1], direction(third, second));
    expectClose(moves[2], direction(third, third));
  });

  test("separate: the one given, or an error", () => {
    expectClose(step({ fisherBatch: "separate" }, [second], third)[0], direction(second, third));
    expect(() => step({ fisherBatch: "separate" }, [second])).toThrow(
      'naturalGradient: the step\'s `fisher` must be an objective where fisherBatch is "separate", got undefined.',
    );
  });
});

test("more products than memory are an error that says how many", () => {
  const optimizer = naturalGradient({ fisher: "full", memoryLimit: 1000 });
  expect(() => optimizer.init(tinyTheta, tinyObjective, key)).toThrow(
    "naturalGradient: memoryLimit must be at least 1152 bytes for the 12² products of 12 columns, got 1000.",
  );
});

describe("precision", () => {
  const narrow = tree.astype(tinyTheta, "float32");
  const { likelihood, targets } = tinyObjective.network!;
  const objectiveIn = (dtype: "float32" | "float64"): Objective<typeof tinyTheta> =>
    networkObjective({
      network: (at: typeof tinyTheta, x, layers) =>
        layers.dense({ weights: at.second }, np.tanh(layers.dense({ weights: at.first }, x))),
      likelihood,
      inputs: rows([[1, 0, -1], [0.5, 2, 1], [-1, 1, 0], [2, -0.5, 0.3]]).astype(dtype), // prettier-ignore
      targets,
    });

  test("a damping below 1e-4 |F| is solved in float64, and theta stays in float32", () => {
    const optimizer = naturalGradient({
      damping: 1e-6,
      learningRate: 1,
      fisherBatch: "same",
      fisher: "full",
    });
    const run = (at: typeof tinyTheta, dtype: "float32" | "float64") => {
      const of = objectiveIn(dtype);
      const state = optimizer.init(at, of, key);
      const outcome = optimizer.step(at, state, of, { key });
      return { ...outcome, length: numbers(tree.map((to, from) => to.sub(from), outcome.theta, at)) };
    };
    const [own, exact] = [run(narrow, "float32"), run(tinyTheta, "float64")];
    expect(own.state.one.dtype).toBe("float64");
    expect(own.theta.first.dtype).toBe("float32");
    const size = Math.hypot(...exact.length);
    // Activations and gradient are float32's: 1e-7 of the gradient may be along directions that F does not have, over λ.
    expect(Math.hypot(...exact.length.map((x, i) => x - own.length[i]!))).toBeLessThan(0.1 * size);
    expect(own.metrics["conditionNumber"]!.item()).toBeGreaterThan(1e4);
  });

  test("by itself a system is solved as in float64 too; what float64 has too few digits for is refused", () => {
    const columns = fisherColumns(objectiveIn("float32").network!, narrow, { fisher: "full", key });
    const slope32 = grad(objectiveIn("float32").loss)(narrow) as typeof tinyTheta;
    const [own, wide] = (["auto", "float64"] as const).map((precision) =>
      fisherVectorSolve(columns, slope32, 1e-6, { precision }),
    );
    expect(numbers(own)).toEqual(numbers(wide));
    const image = tree.map((f, u) => f.add(u.mul(1e-6)), fisherVectorProduct(columns, own!), own!);
    expectClose(image, numbers(slope32), 1e-4);
    expect(() => naturalGradient({ damping: 1e-14 }).init(tinyTheta, tinyObjective, key)).toThrow(
      /^naturalGradient: the condition number of layer "all" with this damping must be at most 1e\+12/,
    );
  });
});
