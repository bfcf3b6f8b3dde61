/** Flows: inverses, log-determinants against the Jacobian, the spline's printed values, where flows start. */
import { expect, test } from "vitest";
import { type Tensor, jacobian, np, random, tree } from "../../array/index.ts";
import { compiled } from "../../unroll/index.ts";
import { actNorm } from "./bijectors/actNorm.ts";
import { affineCoupling } from "./bijectors/affineCoupling.ts";
import { luLinear } from "./bijectors/luLinear.ts";
import { rationalQuadratic } from "./bijectors/rationalQuadratic.ts";
import { splineCoupling } from "./bijectors/splineCoupling.ts";
import { type Bijector, type Flow, defineFlow } from "./flow.ts";
import { gaussianBase } from "./flowBase.ts";
import { realNvp } from "./realNvp.ts";
import { splineFlow } from "./splineFlow.ts";

const dtype = "float64" as const;
const f64 = (x: number[] | number[][]): Tensor => np.array(x, { dtype });

/** Every float moved a little, so that maps are no identities. */
function shaken<T>(params: T, size = 0.3): T {
  let leaf = 0;
  return tree.map(
    (x) =>
      x.dtype === "int32"
        ? x
        : x.add(random.normal(random.foldIn(random.key(7), leaf++), [...x.shape], { dtype }).mul(size)),
    params,
  );
}

const largest = (x: Tensor): number => Math.max(...Array.from(x.data, (value) => Math.abs(Number(value))));

test("the spline has the values of an independent implementation (normflows form, K = 4, B = 3)", () => {
  const x = f64([-3.5, -2, -0.7, 0, 0.4, 1.9, 2.99]);
  const raw = {
    widths: f64([0.2, -0.5, 0.8, 0.1]),
    heights: f64([-0.3, 0.4, 0, 0.6]),
    slopes: f64([0.5, -0.2, 1]),
  };
  const each = tree.map((leaf) => np.broadcastTo(leaf, [7, leaf.size]) as Tensor, raw);
  const { value, logDet } = rationalQuadratic(x, each, { bound: 3 });
  const wanted = [
    -3.5, -2.411971034888, -0.259716841798, -0.024283716633, 0.089267411216, 1.115721161656, 2.989898713609,
  ];
  const wantedLogs = [
    0, -0.627699429604, -0.785989277122, -1.269023482138, -1.217089672, 0.495447314807, 0.020065291065,
  ];
  wanted.forEach((y, i) => expect(value.data[i]).toBeCloseTo(y, 11));
  wantedLogs.forEach((y, i) => expect(logDet.data[i]).toBeCloseTo(y, 11));
  const back = rationalQuadratic(value, each, { bound: 3, isInverse: true });
  expect(largest(back.value.sub(x))).toBeLessThan(1e-12);
  expect(largest(back.logDet.add(logDet))).toBeLessThan(1e-11);
});

const maps: readonly (readonly [name: string, map: Bijector, dim: number])[] = [
  ["affine coupling, bounded", affineCoupling({ dim: 3, hidden: [8], dtype }), 3],
  [
    "affine coupling, exp, swapped",
    affineCoupling({ dim: 4, hidden: [8], scale: "exp", isSwapped: true, dtype }),
    4,
  ],
  ["LU linear", luLinear({ dim: 5, dtype }), 5],
  ["ActNorm", actNorm({ dim: 2, dtype }), 2],
  ["spline coupling", splineCoupling({ dim: 3, hidden: [8], bound: 3, dtype }), 3],
  [
    "circular spline coupling",
    splineCoupling({ dim: 3, hidden: [8], isCircular: true, isSwapped: true, dtype }),
    3,
  ],
];

test.each(maps)(
  "%s: the inverse undoes it, and log-determinants are those of the Jacobian",
  (_, map, dim) => {
    const params = shaken(map.init(random.key(1)));
    const z = random.normal(random.key(2), [4, dim], { dtype });
    const { value, logDet } = map.forward(params, z);
    const back = map.inverse(params, value);
    expect(largest(back.value.sub(z))).toBeLessThan(1e-10);
    expect(largest(back.logDet.add(logDet))).toBeLessThan(1e-10);
    for (const [direction, points, logs] of [
      ["forward", z, logDet],
      ["inverse", value, back.logDet],
    ] as const) {
      const one = (x: Tensor): Tensor => map[direction](params, x.reshape([1, dim])).value.reshape([dim]);
      const derivative = compiled("derivative", jacobian(one));
      for (let i = 0; i < 4; i++) expect(logs.data[i]).toBeCloseTo(logAbsDet(derivative(points.slice(i))), 9);
    }
  },
);

/** By elimination, in plain numbers. */
function logAbsDet({ shape, data }: Tensor): number {
  const n = shape[0]!;
  const rows = Array.from({ length: n }, (_, i) => Array.from(data.slice(i * n, (i + 1) * n), Number));
  let sum = 0;
  for (let k = 0; k < n; k++) {
    const pivot = rows
      .slice(k)
      .reduce((best, row, i) => (Math.abs(row[k]!) > Math.abs(rows[best]![k]!) ? i + k : best), k);
    [rows[k], rows[pivot]] = [rows[pivot]!, rows[k]!];
    sum += Math.log(Math.abs(rows[k]![k]!));
    for (let i = k + 1; i < n; i++)
      for (let j = n - 1; j >= k; j--) rows[i]![j]! -= (rows[i]![k]! / rows[k]![k]!) * rows[k]![j]!;
  }
  return sum;
}

const flows: readonly (readonly [name: string, flow: Flow])[] = [
  ["realNvp, swap", realNvp({ dim: 3, layers: 2, hidden: [8], dtype })],
  [
    "realNvp, lu, exp, ActNorm",
    realNvp({ dim: 3, layers: 2, hidden: [8], linear: "lu", scale: "exp", hasActNorm: true, dtype }),
  ],
  ["splineFlow", splineFlow({ dim: 2, layers: 2, hidden: [8], dtype })],
  ["splineFlow on a torus", splineFlow({ dim: 2, layers: 2, hidden: [8], isCircular: true, dtype })],
];

test.each(flows)("%s: log q of a sample is the same both ways", (_, flow) => {
  const params = shaken(flow.init(random.key(1)), 0.2);
  const { x, logProb } = flow.sampleAndLogProb(params, random.key(3), 16);
  // Slopes of a spline reach from 1e-3 on: rounding grows by their inverses.
  expect(largest(flow.logProb(params, x).sub(logProb))).toBeLessThan(1e-7);
  const { value, logDet } = flow.inverse(params, x);
  const again = flow.forward(params, value);
  expect(largest(again.value.sub(x))).toBeLessThan(1e-7);
  expect(largest(again.logDet.add(logDet))).toBeLessThan(1e-7);
});

test.each(flows)("%s: starts as its base, up to a rotation", (name, flow) => {
  const { x, logProb } = flow.sampleAndLogProb(flow.init(random.key(1)), random.key(3), 16);
  const standard = x
    .mul(x)
    .sum(1)
    .mul(-0.5)
    .sub((flow.dim * Math.log(2 * Math.PI)) / 2);
  const wanted = name.endsWith("torus") ? np.full([16], -2 * Math.log(2 * Math.PI), { dtype }) : standard;
  expect(largest(logProb.sub(wanted))).toBeLessThan(1e-9);
});

test.each(flows.slice(2))(
  "%s: its density integrates to 1 (trapezoidal rule, 160 by 160)",
  { tags: ["long"] },
  (name, flow) => {
    const params = shaken(flow.init(random.key(4)), 0.03);
    const [low, high] = name.endsWith("torus") ? [-Math.PI, Math.PI] : [-10, 10];
    const count = 160;
    const line = Array.from({ length: count }, (_, i) => low + ((high - low) * (i + 0.5)) / count);
    const points = f64(line.flatMap((a) => line.map((b) => [a, b])));
    const density = compiled("density", (x: Tensor) => np.exp(flow.logProb(params, x)) as Tensor)(points);
    // The slopes have corners at the knots: the rule is of second order there.
    expect(density.sum().item() * ((high - low) / count) ** 2).toBeCloseTo(1, 2);
  },
);

test("the LU map starts orthogonal, and its fixed parts are whole numbers", () => {
  const map = luLinear({ dim: 6, dtype });
  const params = map.init(random.key(5));
  const matrix = map.forward(params, np.eye(6, 6, { dtype })).value;
  expect(
    largest((np.matmul(matrix, matrix.transpose()) as Tensor).sub(np.eye(6, 6, { dtype }))),
  ).toBeLessThan(1e-6);
  expect(params.signs.dtype).toBe("int32");
});

test("wrong sizes are said", () => {
  expect(() => realNvp({ dim: 1 })).toThrow("dim must be an integer of at least 2, got 1");
  expect(() => realNvp({ dim: 2, layers: 0 })).toThrow("layers must be an integer of at least 1");
  expect(() => realNvp({ dim: 2, hidden: [0] })).toThrow("hidden must be a list of widths");
  expect(() => realNvp({ dim: 2, linear: "lo" as "lu" })).toThrow('Did you mean "lu"?');
  expect(() => splineFlow({ dim: 2, bins: 1 })).toThrow("bins must be an integer of at least 2");
  expect(() => splineFlow({ dim: 2, isCircular: true, bound: 3 })).toThrow("bound must be pi on a circle");
  const flow = defineFlow({ name: "plain", base: gaussianBase({ dim: 2 }), bijectors: [] });
  expect(() => flow.logProb(flow.init(random.key(0)), np.ones([2]))).toThrow("plain: points must be [n, 2]");
});
