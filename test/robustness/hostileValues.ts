/** Values that no field of an experiment expects. Made anew for each use: some change when they are touched. */
import { np } from "unspool";

const throwing = (): never => {
  throw new TypeError("the trap of a proxy");
};

/** By name, for reports. */
export const hostileValues: Readonly<Record<string, () => unknown>> = {
  undefined: () => undefined,
  null: () => null,
  NaN: () => Number.NaN,
  minusOne: () => -1,
  fraction: () => 1.5,
  huge: () => 1e308,
  bigint: () => 10n,
  true: () => true,
  text: () => "text",
  markup: () => ({ markup: "<script>alert(1)</script>" }),
  emptyText: () => "",
  longText: () => "x".repeat(1_000_000),
  symbol: () => Symbol("hostile"),
  function: () => () => 3,
  asyncFunction: () => async () => ({}),
  promise: () => Promise.resolve({}),
  rejected: () => {
    const rejected = Promise.reject(new Error("rejected"));
    rejected.catch(() => {});
    return rejected;
  },
  emptyRecord: () => ({}),
  emptyList: () => [],
  sparse: () => Array(100_000_000),
  cyclicRecord: () => {
    const record: Record<string, unknown> = { a: np.ones([1]) };
    record["self"] = record;
    return record;
  },
  cyclicList: () => {
    const list: unknown[] = [];
    list.push(list, list);
    return list;
  },
  deep: () => {
    let deep: unknown = 1;
    for (let i = 0; i < 20_000; i++) deep = [deep];
    return deep;
  },
  proxy: () =>
    new Proxy(
      {},
      {
        get: throwing,
        ownKeys: throwing,
        getPrototypeOf: throwing,
        has: throwing,
        getOwnPropertyDescriptor: throwing,
      },
    ),
  revoked: () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  },
  getter: () => ({
    // oxlint-disable-next-line unicorn/no-thenable
    get then() {
      return throwing();
    },
  }),
  map: () => new Map([["a", 1]]),
  date: () => new Date(0),
  noPrototype: () => Object.create(null) as unknown,
  polluting: () =>
    JSON.parse(
      '{"__proto__": {"polluted": true}, "constructor": {"prototype": {"polluted": true}}}',
    ) as unknown,
  boolTensor: () => np.array([true, false]),
  emptyTensor: () => np.zeros([0]),
  wrongTensor: () => np.ones([7, 7]),
  bytes: () => new Uint8Array(3),
};
