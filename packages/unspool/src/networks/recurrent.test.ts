/**
 * Recurrent layers, layer normalisation and convolution. Values: torch 1.13 in float64 (nn.GRU, nn.LSTM, functional.layer_norm,
 * functional.conv2d) with the weights that `matrix` and `vector` make.
 */
import { describe, expect, test } from "vitest";
import { type Tensor, grad, np, plainLayers, random, tree } from "../array/index.ts";
import { OptionError, ShapeError } from "../errors.ts";
import { compiled } from "../unroll/index.ts";
import {
  bidirectional,
  gru,
  gruCell,
  initConvolution,
  initGru,
  initLayerNorm,
  initLstm,
  layerNorm,
  lstm,
  lstmCell,
  recurrent,
} from "./index.ts";

const wide = { dtype: "float64" } as const;
const [steps, batch, inputs, units] = [4, 2, 3, 2];
/** sin(from + row + 2 column) / 2. */
const matrix = (from: number, rows: number, columns: number): Tensor => {
  const element = (_: unknown, at: number) =>
    Math.sin(from + Math.floor(at / columns) + 2 * (at % columns)) / 2;
  return np.array(Float64Array.from({ length: rows * columns }, element), { shape: [rows, columns] });
};
/** cos(from + i) / 3. */
const vector = (from: number, length: number): Tensor =>
  np.array(Float64Array.from({ length }, (_, i) => Math.cos(from + i) / 3));
const waves = (shape: number[], rate: number): Tensor => {
  const length = shape.reduce((product, n) => product * n, 1);
  return np.array(
    Float64Array.from({ length }, (_, i) => Math.sin(i * rate)),
    { shape },
  );
};
const expectClose = (found: Tensor, expected: readonly number[]): void => {
  expect(found.size).toBe(expected.length);
  expected.forEach((value, i) => expect(found.data[i]).toBeCloseTo(value, 13));
};
const ends = (x: Tensor): Tensor => np.stack([x.slice(0), x.slice(steps - 1)]);

/** Of torch. */
const lstmOutputs = [
  0.1150278484626815, -0.01515905905809424, -0.1695765275618844, 0.03602723762272139, -0.02427128958008542,
  0.04043201935888713, -0.0520037816648962, 0.05869839924225201,
];
const lstmCells = [-0.03533039215429884, 0.1200044825245447, -0.0808341053999114, 0.2262230067934752];

const xs = waves([steps, batch, inputs], 1.7);
const gruWeights = {
  inputWeights: matrix(0, inputs, 3 * units),
  stateWeights: matrix(1, units, 3 * units),
  bias: vector(0, 3 * units),
  stateBias: vector(2, 3 * units),
};
/** Torch has two biases, whose sum is ours. */
const lstmWeights = (from: number) => ({
  inputWeights: matrix(from, inputs, 4 * units),
  stateWeights: matrix(from + 1, units, 4 * units),
  bias: vector(from, 4 * units).add(vector(from + 2, 4 * units)),
});

describe("recurrent layers", () => {
  test("gru, and its derivative by the first inputs", () => {
    const run = (x: Tensor) => recurrent(gru(gruWeights), x).outputs;
    expectClose(
      ends(run(xs)),
      [
        0.1719458434459416, -0.1034058535476057, -0.3041107841621539, -0.01517226165248871,
        -0.1354101994681411, 0.1013511354820893, -0.2510691710415262, 0.1659799706572024,
      ],
    );
    const slope = compiled(
      "slope",
      grad((x: Tensor) =>
        run(x)
          .slice(steps - 1)
          .sum(),
      ),
    )(xs);
    expectClose(
      slope.slice(0),
      [
        0.004697967509080376, -0.001810814896169325, -0.006654742436881701, 0.004471712338406732,
        -0.003691829668964154, -0.008461120504434216,
      ],
    );
  });

  test("lstm", () => {
    const { outputs, last } = recurrent(lstm(lstmWeights(0.5)), xs);
    expectClose(ends(outputs), lstmOutputs);
    expectClose(last.c, lstmCells);
  });

  test("bidirectional", () => {
    const both = compiled("both", (x: Tensor) =>
      bidirectional(lstm(lstmWeights(0.5)), lstm(lstmWeights(0.9)), x),
    );
    expectClose(
      ends(both(xs)),
      [
        0.1150278484626815, -0.01515905905809424, 0.1048367864892324, 0.04280518860766241,
        -0.1695765275618844, 0.03602723762272139, -0.01067258229521795, 0.06224959192358025,
        -0.02427128958008542, 0.04043201935888713, -0.08571923074191964, 0.0370994570389375,
        -0.0520037816648962, 0.05869839924225201, -0.05922411397753044, 0.0575478774355125,
      ],
    );
  });

  test("sequences without a batch, and with two axes of it, are the same rows", () => {
    const cell = gru(gruWeights);
    const { outputs } = recurrent(cell, xs);
    expectClose(recurrent(cell, xs.slice([], 1)).outputs, [...outputs.slice([], 1).data]);
    const spread = recurrent(cell, xs.reshape([steps, batch, 1, inputs])).outputs;
    expect(spread.shape).toEqual([steps, batch, 1, units]);
    expectClose(spread, [...outputs.data]);
    const one = lstmCell(lstmWeights(0.5), xs.slice(0, 0), lstm(lstmWeights(0.5)).start([]));
    expectClose(one.h, lstmOutputs.slice(0, 2));
  });

  test("where there are no inputs the state stays; from the end too", () => {
    const cell = gru(gruWeights);
    const present = np.array([true, false, true, true]);
    const shorter = np.stack([xs.slice(0), xs.slice(2), xs.slice(3)]);
    for (const isReversed of [false, true]) {
      const gaps = recurrent(cell, xs, { present, isReversed });
      const without = recurrent(cell, shorter, { isReversed });
      expectClose(gaps.last, [...without.last.data]);
      expectClose(gaps.outputs.slice(1), [...without.outputs.slice(isReversed ? 1 : 0).data]);
    }
    // One string of the batch is shorter than the other.
    const padded = recurrent(cell, xs, {
      present: np.array([
        [true, true],
        [true, true],
        [true, false],
        [true, false],
      ]),
    });
    expectClose(padded.last.slice(1), [...recurrent(cell, xs.slice([0, 2], 1)).last.data]);
  });

  test("starts where it is told, so that a sequence can be cut", () => {
    const cell = lstm(lstmWeights(0.5));
    const { last } = recurrent(cell, xs.slice([0, 2]));
    expectClose(recurrent(cell, xs.slice([2, 4]), { start: last }).last.c, lstmCells);
  });

  test("initial weights have the shapes, the deviation and the dtype asked for", () => {
    const weights = initGru(random.key(0), { inputs: 100, units: 50, dtype: "float64" });
    expect(weights.inputWeights.shape).toEqual([100, 150]);
    expect(weights.stateWeights.dtype).toBe("float64");
    // Four standard errors of 15,000 squares.
    expect(Math.abs(np.var(weights.inputWeights).item() * 100 - 1)).toBeLessThan(4 * Math.sqrt(2 / 15000));
    expect(gruCell(weights, np.zeros([7, 100], wide), np.zeros([7, 50], wide)).shape).toEqual([7, 50]);
    const own = initLstm(random.key(0), { inputs: 3, units: 2, dtype: "float64" });
    expect(tree.leaves(own).map(({ dtype }) => dtype)).toEqual(["float64", "float64", "float64"]);
  });
});

test("layer normalisation", () => {
  const weights = { scale: vector(0, inputs), shift: vector(1, inputs) };
  expectClose(
    layerNorm(weights, xs.slice(0)),
    [
      0.02805197936604189, 0.1111451147560276, -0.2008266146894373, -0.2848098583153333, -0.04959406556338419,
      -0.4548261805593171,
    ],
  );
  const normed = layerNorm(initLayerNorm(inputs, wide), xs.mul(1e3));
  for (const mean of normed.mean(-1).data) expect(mean).toBeCloseTo(0, 12);
  for (const square of np.square(normed).mean(-1).data) expect(square).toBeCloseTo(1, 6);
});

test("convolution", () => {
  const layer = { kernel: waves([3, 2, 3, 2], 1.3), bias: vector(0, 3) };
  const images = waves([2, 2, 5, 4], 0.9);
  expectClose(
    plainLayers.convolution(layer, images).slice(1, 2),
    [
      -2.755153434969278, -1.685320340223198, 0.5549523787550946, 2.16251656947944, 0.3132355109552364,
      -1.878073147217267, -1.649576443083938, 0.5973071689677812, 2.28718341399365,
    ],
  );
  const drawn = initConvolution(random.key(0), { inputs: 4, outputs: 64, window: [3, 5], dtype: "float64" });
  expect([drawn.kernel.shape, drawn.bias.shape]).toEqual([[64, 4, 3, 5], [64]]);
  expect(Math.abs((np.var(drawn.kernel).item() * 60) / 2 - 1)).toBeLessThan(4 * Math.sqrt(2 / 3840));
});

test.each([
  [
    () => recurrent(gru(gruWeights), np.zeros([3])),
    ShapeError,
    /xs must be \[T, \.\.\., inputs\], got float32\[3\]/,
  ],
  [
    () => recurrent(gru(gruWeights), xs, { present: np.ones([3]) }),
    ShapeError,
    /present must be one bool for each of its 4 steps/,
  ],
  [() => recurrent(gru(gruWeights), xs, { reversed: true } as never), OptionError, /"isReversed"/],
  [
    () => initGru(random.key(0), { inputs: 3, units: 0 }),
    OptionError,
    /units must be an integer of at least 1/,
  ],
  [() => layerNorm(initLayerNorm(3), np.zeros([2])), ShapeError, /x must be \[\.\.\., 3\]/],
  [
    () => initConvolution(random.key(0), { inputs: 1, outputs: 1, window: 0 }),
    OptionError,
    /window must be a positive integer/,
  ],
] as const)("wrong arguments are typed errors, row %#", (make, kind, text) => {
  expect(make).toThrow(kind);
  expect(make).toThrow(text);
});
