/** Numbers, durations and tables as a person reads them in a terminal or a report. */

/** Four significant digits; exponents only for very large and very small numbers. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value).replace("-", "−");
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return minus(String(value));
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-4)
    return minus(
      value
        .toExponential(3)
        .replace(/\.?0+e/, "e")
        .replace("e+", "e"),
    );
  return minus(String(Number(value.toPrecision(4))));
}

/** `12.3 ± 0.4`: four digits of the value, two of its standard error. */
export function formatError(value: number, standardError: number): string {
  if (!Number.isFinite(value)) return formatNumber(value);
  return `${formatNumber(value)} ± ${formatNumber(Number(standardError.toPrecision(2)))}`;
}

const minus = (text: string): string => text.replaceAll("-", "−");

/** `0.4 s`, `12 s`, `3 min 05 s`, `2 h 07 min`. */
export function formatDuration(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (!Number.isFinite(seconds)) return "unknown";
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const two = (value: number): string => String(value).padStart(2, "0");
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`;
}

/** `132 steps/s`, or `14.2 s/step` where a step takes longer than a second. */
export function formatSpeed(stepsPerSecond: number): string {
  if (!Number.isFinite(stepsPerSecond) || stepsPerSecond <= 0) return "…";
  if (stepsPerSecond < 1) return `${(1 / stepsPerSecond).toPrecision(3)} s/step`;
  return `${stepsPerSecond < 10 ? stepsPerSecond.toFixed(1) : Math.round(stepsPerSecond)} steps/s`;
}

/** A table with aligned columns: text to the left, numbers to the right. */
export function formatTable(
  columns: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string[] {
  const cells = rows.map((row) => columns.map((_, i) => cellText(row[i])));
  const isNumeric = columns.map((_, i) => rows.length > 0 && rows.every((row) => typeof row[i] === "number"));
  const widths = columns.map((name, i) => Math.max(name.length, ...cells.map((row) => row[i]!.length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => (isNumeric[i] ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join("  ")
      .trimEnd();
  return [line(columns), widths.map((width) => "─".repeat(width)).join("  "), ...cells.map(line)];
}

/** A cell of a table as text. */
export function cellText(value: string | number | null | undefined): string {
  if (value === undefined || value === null) return "";
  return typeof value === "number" ? formatNumber(value) : value;
}

/** Three significant digits with a prefix for thousands: `640`, `12.3 k`, `1.05 M`. */
export function formatCount(value: number): string {
  const prefixes = ["", " k", " M", " G", " T"];
  let scaled = value;
  let i = 0;
  while (Number(scaled.toPrecision(3)) >= 1000 && i < prefixes.length - 1)
    [scaled, i] = [scaled / 1000, i + 1];
  const digits = i === 0 && Number.isInteger(scaled) ? String(scaled) : scaled.toPrecision(3);
  return `${digits}${prefixes[i]!}`;
}

/** `640 B`, `12.3 kB`, `1.05 MB`: thousands, as memory bandwidths are told. */
export function formatBytes(bytes: number): string {
  const text = formatCount(bytes);
  return text.includes(" ") ? `${text}B` : `${text} B`;
}

/** `164 ns`, `78.5 µs`, `12.0 ms`, `1.50 s`. */
export function formatTime(nanoseconds: number): string {
  const units = ["ns", "µs", "ms", "s"];
  let scaled = nanoseconds;
  let i = 0;
  while (Number(scaled.toPrecision(3)) >= 1000 && i < units.length - 1) [scaled, i] = [scaled / 1000, i + 1];
  return `${scaled.toPrecision(3)} ${units[i]!}`;
}

/** Words in lines of at most `width` characters, broken at spaces. */
export function wrapText(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
