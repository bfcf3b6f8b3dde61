/**
 * One event as one line of JSON. JSON has no NaN and no infinities: such a number becomes null, and the event gets an
 * entry `nonFinite` that says by path what it was, as in `{"event":"step","loss":null,"nonFinite":{"loss":"NaN"}}`.
 */

export function jsonLine(event: Readonly<Record<string, unknown>>): string {
  const nonFinite: Record<string, string> = {};
  const visit = (value: unknown, path: string): unknown => {
    if (typeof value === "bigint") return String(value);
    if (typeof value === "number" && !Number.isFinite(value)) {
      nonFinite[path] = String(value);
      return null;
    }
    if (typeof value !== "object" || value === null) return value;
    if ("toJSON" in value && typeof value.toJSON === "function") return visit(value.toJSON(), path);
    const at = (name: string | number): string => (path === "" ? String(name) : `${path}.${name}`);
    if (ArrayBuffer.isView(value)) return Array.from(value as Float64Array, (item, i) => visit(item, at(i)));
    if (Array.isArray(value)) return value.map((item, i) => visit(item, at(i)));
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, visit(item, at(name))]));
  };
  const visited = visit(event, "") as Record<string, unknown>;
  return JSON.stringify(Object.keys(nonFinite).length === 0 ? visited : { ...visited, nonFinite });
}
