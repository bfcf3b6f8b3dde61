/** A strict reader of Prometheus' text format 0.0.4, as its documentation has it: throws for what a scraper may refuse. */

const name = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const sample = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const label = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)/y;

/** Values by name with labels, as `name{label="value"}`. */
export function metricValues(text: string): Map<string, number> {
  if (!text.endsWith("\n")) throw new Error("the last line has no end");
  const values = new Map<string, number>();
  const types = new Map<string, string>();
  const helped = new Set<string>();
  let family = "";
  for (const line of text.slice(0, -1).split("\n")) {
    if (line === "") continue;
    const [, kind, of = "", rest = ""] = /^# (HELP|TYPE) (\S+) ?(.*)$/.exec(line) ?? [];
    if (kind === undefined && line.startsWith("#")) throw new Error(`a comment: ${line}`);
    if (kind === "HELP") {
      if (helped.has(of)) throw new Error(`two HELP lines of ${of}`);
      helped.add(of);
    } else if (kind === "TYPE") {
      if (!name.test(of) || types.has(of)) throw new Error(`a wrong or second TYPE line: ${line}`);
      if (!["counter", "gauge", "histogram", "summary", "untyped"].includes(rest)) throw new Error(line);
      types.set(of, rest);
      family = of;
    } else {
      const [, own = "", labels = "", value = ""] = sample.exec(line) ?? [];
      const isOfFamily = own === family || (/^(histogram|summary)$/.test(types.get(family)!) && [`${family}_bucket`, `${family}_sum`, `${family}_count`].includes(own)); // prettier-ignore
      if (!isOfFamily) throw new Error(`${line}: no sample, or not after the TYPE of its metric`);
      requireLabels(labels);
      const key = labels === "" ? own : `${own}{${labels}}`;
      if (values.has(key)) throw new Error(`twice: ${key}`);
      values.set(key, numberOf(value));
    }
  }
  for (const [of, type] of types)
    if (type === "histogram" && values.get(`${of}_bucket{le="+Inf"}`) !== values.get(`${of}_count`))
      throw new Error(`${of}: its last bucket is not all`);
  return values;
}

function requireLabels(text: string): void {
  for (label.lastIndex = 0; label.lastIndex < text.length;)
    if (label.exec(text) === null) throw new Error(`labels: ${text}`);
}

function numberOf(text: string): number {
  const value = text === "NaN" ? Number.NaN : Number(text.replace("Inf", "Infinity"));
  if (Number.isNaN(value) && text !== "NaN") throw new Error(`no number: ${text}`);
  return value;
}
