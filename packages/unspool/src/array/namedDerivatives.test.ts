/** Named functions: recorded under their name, with derivatives of any order that keep their digits. */
import { expect, test } from "vitest";
import {
  type TracedBody,
  type Tensor,
  grad,
  jvp,
  nn,
  np,
  random,
  scan,
  traceProgram,
  vmap,
} from "./index.ts";
import { plainName } from "./namedDerivatives.ts";

const points = [-30, -6, -1.3, -1e-6, 0, 0.2, 2.5, 19];
const at = np.array(points, { dtype: "float64" });

function expectClose(got: Tensor, wanted: number[]): void {
  wanted.forEach((value, i) =>
    expect(Math.abs(got.data[i]! - value)).toBeLessThanOrEqual(1e-12 * Math.abs(value)),
  );
}

/** f' for each element. */
const slope =
  (f: (x: Tensor) => Tensor) =>
  (x: Tensor): Tensor =>
    grad((y: Tensor) => f(y).sum())(x);

const tanh = np.tanh as (x: Tensor) => Tensor;

test("tanh: first, second and third derivatives", () => {
  const squared = points.map((x) => 1 / Math.cosh(x) ** 2);
  expectClose(slope(tanh)(at), squared);
  expectClose(
    slope(slope(tanh))(at),
    points.map((x, i) => -2 * Math.tanh(x) * squared[i]!),
  );
  expectClose(
    slope(slope(slope(tanh)))(at),
    points.map((x, i) => squared[i]! * (6 * Math.tanh(x) ** 2 - 2)),
  );
});

test("sigmoid: first and second derivatives", () => {
  const bell = points.map((x) => 1 / (2 + 2 * Math.cosh(x)));
  expectClose(slope(nn.sigmoid)(at), bell);
  expectClose(
    slope(slope(nn.sigmoid))(at),
    points.map((x, i) => -bell[i]! * Math.tanh(x / 2)),
  );
});

test("forward mode over reverse mode, and under vmap", () => {
  const [, tangent] = jvp(slope(tanh), [at], [np.ones([points.length], { dtype: "float64" })]);
  expectClose(
    tangent,
    points.map((x) => (-2 * Math.tanh(x)) / Math.cosh(x) ** 2),
  );
  const mapped = vmap((x: Tensor) => grad((y: Tensor) => np.log1p(tanh(y).mul(y)) as Tensor)(x))(at);
  expectClose(
    mapped,
    points.map((x) => (Math.tanh(x) + x / Math.cosh(x) ** 2) / (1 + x * Math.tanh(x))),
  );
});

test("a trace records the name, mapped or not, and a derivative records the function once", () => {
  const names = (fn: (x: Tensor) => Tensor): string[] =>
    traceProgram("names", fn as never, [at]).body.equations.flatMap(({ name }) =>
      name === undefined ? [] : [plainName(name)],
    );
  expect(names((x) => tanh(x))).toEqual(["tanh"]);
  expect(names(vmap((x: Tensor) => nn.sigmoid(x)))).toEqual(["sigmoid"]);
  expect(names(slope((x) => tanh(x).mul(x))).toSorted()).toEqual(["sigmoidSlope", "tanh"]);
});

test("normals are one named program wherever they are drawn: mapped, in loops, and on the way back", () => {
  const x = np.array([0.7, 1.2]);
  const key = random.key(3);
  const drawn = (u: Tensor, k: Tensor): Tensor => u.mul(random.normal(k, [2])).sum();
  const looped = (u: Tensor, k: Tensor): Tensor =>
    scan((w: Tensor, own: Tensor) => [w.mul(u).mul(random.normal(own, [2])), undefined], u, random.split(k, 4))[0].sum(); // prettier-ignore
  const programs = (fn: (u: Tensor, k: Tensor) => unknown, args: Tensor[]): (string | undefined)[] => {
    const inside = ({ equations }: TracedBody): (string | undefined)[] =>
      equations.flatMap(({ primitive, name, body }) => {
        if (primitive === "jit" && /boxMuller|threefry/.test(name ?? "")) return [name];
        if (primitive === "log" || primitive === "cos") return [primitive];
        return body === undefined ? [] : inside(body);
      });
    return inside(traceProgram("drawn", fn as never, args).body);
  };
  const many = [np.stack([x, x]), np.stack([key, key])];
  expect(programs(drawn, [x, key])).toEqual(["boxMuller"]);
  expect(programs((u, k) => jvp(drawn, [u, k], [u, k]), [x, key])).toEqual(["boxMuller"]);
  expect(programs(vmap(drawn), many)).toEqual(["boxMuller"]);
  expect(programs(vmap(drawn, [null, 0]), [x, many[1]!])).toEqual(["boxMuller"]);
  expect(programs(vmap(looped), many)).toEqual(["boxMuller"]);
  expect(programs(grad(looped), [x, key])).toEqual(["boxMuller", "boxMuller"]);
});
