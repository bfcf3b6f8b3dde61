/** Elementwise functions of `np` against `Math`, in both float types, eager and inside a trace, with gradients. */
import { describe, expect, test } from "vitest";
import { type Tensor, grad, jit, np } from "./index.ts";
import { expectClose, floatTypes, tolerance } from "./testing/contract.ts";
import { binary, integer, unary } from "./testing/elementwise.ts";

type Elementwise = (...xs: Tensor[]) => Tensor;
const named = np as unknown as Record<string, Elementwise>;

describe.each(floatTypes)("%s", (dtype) => {
  const round = (x: number) => (dtype === "float32" ? Math.fround(x) : x);
  const column = (values: readonly number[]) => np.array([...values], { dtype });

  test.each(Object.entries(unary))("np.%s: value and derivative as in Math", (name, row) => {
    const f = named[name]!;
    const special = row.special ?? [];
    const points = [...row.at.map(round), ...special.map(([x]) => x)];
    const values = [...row.at.map((x) => row.value(round(x))), ...special.map(([, value]) => value)];
    const x = column(points);
    expectClose(f(x).data, values, tolerance[dtype]);
    expectClose(jit(f)(x).data, values, tolerance[dtype]);
    if (row.isTest) return expect(f(x).dtype).toBe("bool");
    expect(f(x).dtype).toBe(dtype);
    const slopes = row.at.map((at) => row.slope?.(round(at)) ?? 0);
    const total = (y: Tensor) =>
      f(y)
        .mul(np.ones([points.length], { dtype }))
        .sum();
    expectClose(grad(total)(x).data, [...slopes, ...special.map(([, , slope]) => slope)], tolerance[dtype]);
  });

  test.each(Object.entries(binary))("np.%s: value and derivatives as in Math", (name, row) => {
    const f = named[name]!;
    const special = row.special ?? [];
    const points = [
      ...row.at.map(([x, y]) => [round(x), round(y)] as const),
      ...special.map(([x, y]) => [x, y] as const),
    ];
    const values = [
      ...row.at.map(([x, y]) => row.value(round(x), round(y))),
      ...special.map(([, , value]) => value),
    ];
    const xy = [column(points.map(([x]) => x)), column(points.map(([, y]) => y))] as const;
    expectClose(f(...xy).data, values, tolerance[dtype]);
    expectClose(jit(f)(...xy).data, values, tolerance[dtype]);
    if (row.isTest) return expect(f(...xy).dtype).toBe("bool");
    const slopes = [
      ...row.at.map(([x, y]) => row.slopes?.(round(x), round(y)) ?? [0, 0]),
      ...special.map(([, , , dx, dy]) => [dx, dy]),
    ];
    const gradient = grad((both: readonly [Tensor, Tensor]) => f(both[0], both[1]).sum())(xy);
    expectClose(
      gradient[0].data,
      slopes.map(([dx]) => dx!),
      tolerance[dtype],
    );
    expectClose(
      gradient[1].data,
      slopes.map(([, dy]) => dy!),
      tolerance[dtype],
    );
  });
});

describe.each(["int32", "uint32"] as const)("%s", (dtype) => {
  test.each(Object.entries(integer))("np.%s is exact on whole numbers", (name, [value, pairs]) => {
    const x = np.array(
      pairs.map((pair) => pair[0]),
      { dtype },
    );
    const y = np.array(
      pairs.map((pair) => pair[1]),
      { dtype },
    );
    const wanted = pairs.map((pair) => value(...pair));
    for (const out of [named[name]!(x, y), jit(named[name]!)(x, y)]) {
      expect(out.dtype).toBe(dtype);
      expect(Array.from(out.data)).toEqual(wanted);
    }
  });
});
